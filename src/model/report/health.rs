//! Whether an account is ready for publishing, as a list of findings: what a face shows, and nothing of how it was
//! found out.

use std::fmt;

use super::usage::Usage;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Well,
    /// Worth knowing, no hindrance.
    Note,
    /// `zipreel setup` makes or mends it.
    Setup,
    /// A person must do something about it.
    Wrong,
}

impl Grade {
    pub fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Note => "note",
            Self::Setup => "setup",
            Self::Wrong => "wrong",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Identity,
    Storage,
    Concurrency,
    Rights,
    Roles,
    Gate,
    Front,
    Relay,
    Cdn,
    Log,
    Names,
    Usage,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Storage => "storage",
            Self::Concurrency => "concurrency",
            Self::Rights => "rights",
            Self::Roles => "roles",
            Self::Gate => "gate",
            Self::Front => "front",
            Self::Relay => "relay",
            Self::Cdn => "cdn",
            Self::Log => "log",
            Self::Names => "names",
            Self::Usage => "usage",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub subject: Subject,
    pub grade: Grade,
    pub words: String,
    /// The figures that the words tell.
    pub usage: Option<Usage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health(pub Vec<Finding>);

impl Health {
    pub fn add(&mut self, subject: Subject, grade: Grade, words: impl Into<String>) {
        self.0.push(Finding { subject, grade, words: words.into(), usage: None });
    }

    pub fn add_usage(&mut self, usage: Usage) {
        let (subject, grade, words) = (Subject::Usage, Grade::Well, usage.to_string());
        self.0.push(Finding { subject, grade, words, usage: Some(usage) });
    }

    pub fn grade(&self) -> Grade {
        self.0.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Well)
    }

    /// What the first publishing makes, or what setting up would mend.
    pub fn to_set_up(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.grade == Grade::Setup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides() {
        let mut health = Health::default();
        assert_eq!(health.grade(), Grade::Well);
        for (subject, grade) in
            [(Subject::Gate, Grade::Setup), (Subject::Log, Grade::Note), (Subject::Storage, Grade::Well)]
        {
            health.add(subject, grade, "x");
        }
        assert_eq!(health.grade(), Grade::Setup);
        assert_eq!(health.to_set_up().count(), 1);
        health.add(Subject::Rights, Grade::Wrong, "x");
        assert_eq!(health.grade(), Grade::Wrong);
    }
}
