//! The revisions of the protocol, and what each of them knows.

use std::fmt;

/// A revision that is served. They are ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revision {
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
}

impl Revision {
    /// Every revision, oldest first.
    pub(crate) const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];
    /// The stateless one.
    pub(crate) const MODERN: Self = Self::V2026_07_28;

    /// The revision of this name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.as_str() == text)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Where this revision stands in [`Self::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Several messages in one body.
    pub(crate) fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }

    /// Hints about tools.
    pub(crate) fn has_tool_annotations(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// Whether a client of this revision can declare what the contract calls by this name.
    pub(crate) fn has_capability(self, name: &str) -> bool {
        match name {
            "sampling" | "roots" => true,
            "elicitation" => self >= Self::V2025_06_18,
            "elicitation.url" | "sampling.tools" | "sampling.context" => self >= Self::V2025_11_25,
            _ => self.is_modern(),
        }
    }

    /// Questions that send a person to a page, and a word for those that do not.
    pub(crate) fn has_url_elicitation(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// Forms with a choice of several, and with titles of choices as they are written today;
    /// messages of several pieces in questions to the model.
    pub(crate) fn has_choices_of_several(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// A sentence beside each report of progress.
    pub(crate) fn has_progress_messages(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// A word for completion among what a server can do.
    pub(crate) fn has_completions(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// Sound in results.
    pub(crate) fn has_audio(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// `title`, `_meta` on tools and on pieces of content, `lastModified`.
    pub(crate) fn has_titles_and_meta(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Links to resources in results.
    pub(crate) fn has_resource_links(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Results for programs: objects.
    pub(crate) fn has_structured_content(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Results for programs: any value, and any schema for them.
    pub(crate) fn has_structured_values(self) -> bool {
        self >= Self::V2026_07_28
    }

    /// Pictures beside names.
    pub(crate) fn has_icons(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// `resultType`, cache hints, and who answers, on every result.
    pub(crate) fn is_modern(self) -> bool {
        self == Self::MODERN
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Revision;

    #[test]
    fn revisions_are_ordered_by_age_and_parse_as_they_print() {
        assert!(Revision::ALL.is_sorted());
        for (index, revision) in Revision::ALL.into_iter().enumerate() {
            assert_eq!(Revision::parse(revision.as_str()), Some(revision));
            assert_eq!(revision.index(), index);
        }
        assert_eq!(Revision::parse("2025-11-26"), None);
    }

    #[test]
    fn only_the_second_revision_has_batches() {
        let with_batches: Vec<_> = Revision::ALL
            .into_iter()
            .filter(|r| r.has_batches())
            .collect();
        assert_eq!(with_batches, [Revision::V2025_03_26]);
    }
}
