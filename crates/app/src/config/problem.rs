//! What is wrong with a configuration: all of it at once, each with what to do.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    /// The setting, or whatever else it is about.
    pub(crate) about: String,
    /// What is wrong.
    pub(crate) says: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Problem {
    /// A problem of `about`.
    pub(crate) fn new(about: &str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { about: about.to_owned(), says: says.into(), remedy: remedy.into() }
    }
}

/// All that is wrong.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Just one.
    pub(crate) fn one(problem: Problem) -> Self {
        Self(vec![problem])
    }

    /// One more.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// One more, when `wrong`.
    pub(crate) fn push_if(&mut self, wrong: bool, problem: impl FnOnce() -> Problem) {
        if wrong {
            self.push(problem());
        }
    }

    /// Nothing may be wrong.
    pub(crate) fn none(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not acceptable")?;
        for problem in &self.0 {
            write!(f, "\n  {}: {}\n    -> {}", problem.about, problem.says, problem.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
