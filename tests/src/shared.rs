//! One costly thing for several tests of a module, gone when the last of them is done.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Makes a value when the first test asks for it and drops it with the last test that holds it.
/// A plain static would never drop, and would leave its gateway running after the tests.
#[derive(Debug)]
pub struct Shared<T> {
    make: fn() -> T,
    current: Mutex<Weak<T>>,
}

impl<T> Shared<T> {
    /// For a `static`.
    pub const fn new(make: fn() -> T) -> Self {
        Self {
            make,
            current: Mutex::new(Weak::new()),
        }
    }

    /// The value; others wait while it is made.
    pub fn get(&self) -> Arc<T> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.upgrade().unwrap_or_else(|| {
            let value = Arc::new((self.make)());
            *current = Arc::downgrade(&value);
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;

    #[test]
    fn holders_share_one_value_and_the_next_holder_gets_a_fresh_one() {
        static CELL: Shared<std::sync::Mutex<u32>> = Shared::new(|| std::sync::Mutex::new(0));
        {
            let (one, other) = (CELL.get(), CELL.get());
            *one.lock().unwrap() = 7;
            assert_eq!(*other.lock().unwrap(), 7);
        }
        assert_eq!(*CELL.get().lock().unwrap(), 0);
    }
}
