//! What workspaces share by a threshold that moves: each may hold twice what is free, no more.
//!
//! Alone one gets two thirds; many that want all they can get are held to equal parts, and a part
//! stays free for who comes next. The memory of sandboxes and the places of calls are shared in the
//! same way where they are handed out.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How many times what is free one may hold.
const SHARE: u64 = 2;

/// So much of something, for all together.
#[derive(Debug)]
pub struct Pool {
    total: u64,
    held: AtomicU64,
}

/// How much of a pool one of those who share it holds.
#[derive(Debug, Default)]
pub struct Portion {
    held: AtomicU64,
}

/// What was taken from a pool for a portion, given back when it is dropped.
#[derive(Debug)]
pub struct Taken {
    pool: Arc<Pool>,
    portion: Arc<Portion>,
    amount: u64,
}

impl Pool {
    /// A pool of which nothing is taken.
    pub fn new(total: u64) -> Self {
        Self {
            total,
            held: AtomicU64::new(0),
        }
    }

    fn take(&self, portion: &Portion, more: u64) -> bool {
        // What is refused is never added, not even for a moment: others would be refused for it.
        let taken = self
            .held
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                let free = self.total.saturating_sub(held);
                let own = portion.held.load(Ordering::Relaxed).saturating_add(more);
                (more <= free && own <= free.saturating_mul(SHARE)).then_some(held + more)
            });
        if taken.is_ok() {
            portion.held.fetch_add(more, Ordering::Relaxed);
        }
        taken.is_ok()
    }
}

impl Taken {
    /// Nothing yet.
    pub fn nothing(pool: &Arc<Pool>, portion: &Arc<Portion>) -> Self {
        Self {
            pool: Arc::clone(pool),
            portion: Arc::clone(portion),
            amount: 0,
        }
    }

    /// Takes so much more, unless there is not enough for that.
    #[must_use]
    pub fn take(&mut self, more: u64) -> bool {
        let taken = self.pool.take(&self.portion, more);
        if taken {
            self.amount += more;
        }
        taken
    }

    /// Whether it was taken for this portion.
    pub fn is_for(&self, portion: &Arc<Portion>) -> bool {
        Arc::ptr_eq(&self.portion, portion)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.pool.held.fetch_sub(self.amount, Ordering::Relaxed);
        self.portion.held.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_want_everything_get_equal_parts_and_leave_one_for_the_next() {
        let pool = Arc::new(Pool::new(9_000));
        let portions = [(); 4].map(|()| Arc::<Portion>::default());
        let mut taken = portions
            .each_ref()
            .map(|portion| Taken::nothing(&pool, portion));
        for _ in 0..9_000 {
            for taken in &mut taken {
                let _ = taken.take(1);
            }
        }
        for portion in &portions {
            let own = portion.held.load(Ordering::Relaxed);
            assert!(own.abs_diff(2_000) < 10, "{own}");
        }
        let mut newcomer = Taken::nothing(&pool, &Arc::default());
        assert!(newcomer.take(500));
        drop((taken, newcomer));
        assert_eq!(pool.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn control_without_portions_of_their_own_they_leave_nothing_for_the_next() {
        let pool = Arc::new(Pool::new(9_000));
        let all = Arc::<Portion>::default();
        let mut taken = [(); 4].map(|()| Taken::nothing(&pool, &all));
        for _ in 0..9_000 {
            for taken in &mut taken {
                let _ = taken.take(1);
            }
        }
        assert!(!Taken::nothing(&pool, &all).take(500));
    }

    #[test]
    fn one_alone_gets_two_thirds_and_the_last_of_a_small_pool() {
        let alone = |total: u64| {
            let mut taken = Taken::nothing(&Arc::new(Pool::new(total)), &Arc::default());
            (0..total).filter(|_| taken.take(1)).count()
        };
        assert_eq!((alone(1), alone(60)), (1, 40));
        let mut taken = Taken::nothing(&Arc::new(Pool::new(60)), &Arc::default());
        assert!(!taken.take(61), "never more than there is");
    }
}
