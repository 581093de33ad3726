//! A bounded number of something for each key.

use super::Site;
use super::seal::principal;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Who has how many places.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// One place, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    principal: String,
}

impl Places {
    /// At most so many for each key.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    /// How many a key may have.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// A place for whoever opened a site, if there is one left or so many are about to be given back.
    pub(super) fn take(self: &Arc<Self>, site: &Site, leaving: usize) -> Option<Place> {
        self.take_for(principal(site.open.credential()), leaving)
    }

    fn take_for(self: &Arc<Self>, principal: String, leaving: usize) -> Option<Place> {
        let mut all = self.taken();
        let taken = all.entry(principal.clone()).or_default();
        if *taken >= self.most + leaving {
            return None;
        }
        *taken += 1;
        drop(all);
        Some(Place {
            places: Arc::clone(self),
            principal,
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // A panic under this lock leaves at worst a place that nobody has.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.places.taken();
        if let Entry::Occupied(mut taken) = all.entry(std::mem::take(&mut self.principal)) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_places_and_gets_them_back() {
        let places = Places::new(2);
        let take = |name: &str| places.take_for(name.to_owned(), 0);
        let (one, _two, _other) = (take("a"), take("a"), take("b"));
        assert!(one.is_some() && take("a").is_none());
        let replacing = places.take_for("a".to_owned(), 1);
        assert!(replacing.is_some() && places.take_for("a".to_owned(), 1).is_none());
        drop(replacing);
        drop(one);
        assert!(take("a").is_some());
    }

    #[test]
    fn nothing_is_kept_of_a_key_without_a_place() {
        let places = Places::new(1);
        drop(places.take_for("a".to_owned(), 0));
        assert!(places.taken().is_empty());
    }
}
