//! A change and what it means, in its place.

use std::collections::BTreeMap;
use std::fmt;

use crate::declaration::flaw::{Flaws, Mark};
use crate::declaration::yaml::{self, Node};
use crate::declaration::{Complaint, Declarations, SourceFile};
use crate::document::pointer::Pointer;

/// What a change does to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Resources that the old declaration allows do not satisfy the new one.
    Breaks,
    /// It depends on what is stored, or cannot be decided from the declarations.
    MayBreak,
    /// All that is stored satisfies it.
    Compatible,
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Weight::Breaks => "breaks",
            Weight::MayBreak => "may break",
            Weight::Compatible => "compatible",
        })
    }
}

/// A change, and what it means for what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The [`SourceFile::name`]: of the new declaration, or of the old one where there is no new one.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What it does.
    pub weight: Weight,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do about it; nothing for what is compatible.
    pub remedy: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            file,
            line,
            column,
            weight,
            message,
            remedy,
        } = self;
        write!(f, "{file}:{line}:{column}: {weight}: {message}")?;
        match remedy {
            Some(remedy) => write!(f, "\n    {remedy}"),
            None => Ok(()),
        }
    }
}

/// The old declarations, or the new ones, and where everything stands in them.
pub(super) struct Side<'f> {
    pub(super) declarations: Declarations,
    /// The file of each type.
    files: BTreeMap<String, (&'f str, Node)>,
}

impl<'f> Side<'f> {
    pub(super) fn read(files: &'f [SourceFile]) -> Result<Self, Vec<Complaint>> {
        let declarations = Declarations::parse(files)?;
        let placed = files.iter().filter_map(|file| {
            let node = yaml::read(&file.text, &mut Flaws::default())?;
            let name = node.member("type")?.value.text()?.to_owned();
            Some((name, (file.name.as_str(), node)))
        });
        Ok(Side {
            files: placed.collect(),
            declarations,
        })
    }

    /// Of the type of this name, nothing yet.
    pub(super) fn findings(&self, name: &str) -> Findings<'_> {
        Findings {
            file: self.files.get(name).map(|(file, node)| (*file, node)),
            found: Vec::new(),
        }
    }
}

/// What was found in one file.
pub(super) struct Findings<'f> {
    file: Option<(&'f str, &'f Node)>,
    found: Vec<Finding>,
}

impl Findings<'_> {
    /// Something that what is stored may not satisfy; `at` is the pointer of what says so in the
    /// declaration.
    pub(super) fn say(
        &mut self,
        at: &Pointer,
        weight: Weight,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(at, weight, message.into(), Some(remedy.into()));
    }

    /// A change that all that is stored satisfies.
    pub(super) fn fine(&mut self, at: &Pointer, message: impl Into<String>) {
        self.push(at, Weight::Compatible, message.into(), None);
    }

    fn push(&mut self, at: &Pointer, weight: Weight, message: String, remedy: Option<String>) {
        let place = self.file.map(|(_, node)| node.place(at));
        let Mark { line, column } = place.unwrap_or(Mark::START);
        self.found.push(Finding {
            file: self
                .file
                .map(|(file, _)| file.to_owned())
                .unwrap_or_default(),
            line,
            column,
            weight,
            message,
            remedy,
        });
    }

    /// All of them, by place.
    pub(super) fn in_order(mut self) -> Vec<Finding> {
        self.found
            .sort_by_key(|finding| (finding.line, finding.column, finding.weight));
        self.found.dedup();
        self.found
    }
}
