//! Why something failed, in words for a person, and what follows from it. Every error of the engine becomes one of
//! these at the edge of its stage; faces show it and the retry loop reads its class.

use std::{fmt, time::Duration};

/// What a failure means for the work at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultClass {
    /// Passes by itself: tried again after a wait.
    Transient,
    /// Stays as it is: the job ends.
    Permanent,
    /// Something outside must be put right (expired sign-in, missing right, quota, full disk): the work pauses, no
    /// attempt is used up, and it goes on when the person says so.
    NeedsPerson,
}

/// What we were doing, to what, why it failed, and what to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub class: FaultClass,
    /// `could not …`, lower case, values in backticks, no final period.
    pub what: String,
    /// The chain of causes, joined with `: `.
    pub cause: Option<String>,
    /// What the person can do now: one or two full sentences.
    pub hint: Option<String>,
}

impl Fault {
    pub fn permanent(what: impl Into<String>) -> Self {
        Self { class: FaultClass::Permanent, what: what.into(), cause: None, hint: None }
    }

    /// Why, for a line that has no room for what was being done: names are long, and the reason comes after them.
    pub fn reason(&self) -> &str {
        self.cause.as_deref().unwrap_or(&self.what)
    }

    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(plain(cause.to_string()));
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What the operating system says in words of its own, in plain ones. With Linux's numbers, and macOS's where they are
/// others.
fn plain(cause: String) -> String {
    const WORDS: [(&str, &str); 13] = [
        ("No space left on device (os error 28)", "this computer's disk is full"),
        ("Disk quota exceeded (os error 122)", "your share of this computer's disk is full"),
        ("Permission denied (os error 13)", "access is denied"),
        ("Operation not permitted (os error 1)", "access is denied"),
        ("Read-only file system (os error 30)", "that disk can only be read"),
        ("No such file or directory (os error 2)", "it is not there"),
        ("Is a directory (os error 21)", "it is a folder"),
        ("Not a directory (os error 20)", "a part of its path is a file, not a folder"),
        // of a folder that is to be made: files are put in the place of others
        ("File exists (os error 17)", "it is a file, not a folder"),
        ("Too many levels of symbolic links (os error 40)", "links on the way to it lead in a circle"),
        ("Too many levels of symbolic links (os error 62)", "links on the way to it lead in a circle"),
        ("File name too long (os error 36)", "its name, or a part of its path, is too long"),
        ("File name too long (os error 63)", "its name, or a part of its path, is too long"),
    ];
    let is_raw = cause.contains("(os error ");
    if is_raw { WORDS.iter().fold(cause, |cause, (raw, words)| cause.replace(raw, words)) } else { cause }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// Work that ended without its result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Failed(#[from] Fault),
}

impl<E: Explain> From<E> for Stopped {
    fn from(error: E) -> Self {
        if error.is_cancelled() { Self::Cancelled } else { Self::Failed(error.fault()) }
    }
}

/// An error of the engine that can explain itself.
pub trait Explain: std::error::Error {
    /// The error that this one passes on: what follows is asked of that one, if not answered here.
    fn passed_on(&self) -> Option<&dyn Explain> {
        None
    }

    fn class(&self) -> FaultClass {
        self.passed_on().map_or(FaultClass::Permanent, Explain::class)
    }

    fn hint(&self) -> Option<String> {
        self.passed_on().and_then(Explain::hint)
    }

    /// The least wait before another attempt, if the other side asked for one.
    fn retry_after(&self) -> Option<Duration> {
        self.passed_on().and_then(Explain::retry_after)
    }

    /// Nothing failed: it was cancelled.
    fn is_cancelled(&self) -> bool {
        self.passed_on().is_some_and(Explain::is_cancelled)
    }

    /// The other side was not reached at all, so that waiting is worth while for long.
    fn is_offline(&self) -> bool {
        self.passed_on().is_some_and(Explain::is_offline)
    }

    /// The error for a person: its own text is the what, its chain of sources the cause.
    fn fault(&self) -> Fault {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(error) = next {
            let text = error.to_string();
            if causes.last() != Some(&text) {
                causes.push(text);
            }
            next = error.source();
        }
        let cause = (!causes.is_empty()).then(|| plain(causes.join(": ")));
        Fault { class: self.class(), what: self.to_string(), cause, hint: self.hint() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_in_plain_words() {
        let told = |code| {
            Fault::permanent("could not write").because(std::io::Error::from_raw_os_error(code)).reason().to_owned()
        };
        assert_eq!(told(28), "this computer's disk is full");
        assert_eq!(told(13), "access is denied");
        assert!(told(111).contains("os error") || told(61).contains("os error"), "what has no words here stays");
        #[cfg(target_os = "linux")]
        for (code, words) in [(17, "a file, not a folder"), (20, "a file, not"), (36, "too long"), (40, "in a circle")]
        {
            assert!(told(code).contains(words) && !told(code).contains("os error"), "{}", told(code));
        }
        let within = Fault::permanent("x").because("`a.mp4`: No space left on device (os error 28)");
        assert_eq!(within.reason(), "`a.mp4`: this computer's disk is full");
    }

    #[test]
    fn so_it_is_told_as_the_cause_of_an_error_of_ours() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not make the folder `a`")]
        struct Unmade(#[source] std::io::Error);
        impl Explain for Unmade {}
        let fault = Unmade(std::io::Error::from_raw_os_error(13)).fault();
        assert_eq!(fault.to_string(), "could not make the folder `a`: access is denied");
    }
}
