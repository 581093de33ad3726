//! One column of a table.

use casemate_guest_sdk::prelude::*;
use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, DefaultHasher},
};

/// One column in short.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Column {
    pub(crate) name: String,
    /// Values that are not empty.
    pub(crate) values: u64,
    pub(crate) empty: u64,
    /// Different values, the empty one not counted.
    pub(crate) distinct: usize,
    /// If all values are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) numbers: Option<Numbers>,
}

/// Numbers in short.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Numbers {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) mean: f64,
}

/// A column while it is read.
pub(crate) struct Summary {
    column: Column,
    sum: f64,
    /// A fixed hasher: the same table gives the same answer at the same cost, without randomness.
    distinct: HashSet<Box<str>, BuildHasherDefault<DefaultHasher>>,
}

impl Summary {
    pub(crate) fn new(name: &str) -> Self {
        let numbers = Numbers {
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
        };
        let column = Column {
            name: name.trim().to_owned(),
            values: 0,
            empty: 0,
            distinct: 0,
            numbers: Some(numbers),
        };
        Self {
            column,
            sum: 0.0,
            distinct: HashSet::default(),
        }
    }

    pub(crate) fn add(&mut self, value: &str) {
        if value.is_empty() {
            self.column.empty += 1;
            return;
        }
        self.column.values += 1;
        if !self.distinct.contains(value) {
            self.distinct.insert(value.into());
        }
        if let Some(numbers) = &mut self.column.numbers {
            match value.parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    numbers.min = numbers.min.min(number);
                    numbers.max = numbers.max.max(number);
                    self.sum += number;
                }
                _ => self.column.numbers = None,
            }
        }
    }

    pub(crate) fn finish(mut self) -> Column {
        let values = self.column.values;
        self.column.distinct = self.distinct.len();
        self.column.numbers = (self.column.numbers)
            .filter(|_| values > 0)
            .map(|numbers| Numbers {
                mean: self.sum / values as f64,
                ..numbers
            });
        self.column
    }
}
