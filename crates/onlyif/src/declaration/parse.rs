//! From files to declarations, or to everything that is wrong in them.

use std::collections::BTreeMap;
use std::fmt;

use super::access::{self, TOMBSTONE_S};
use super::changes::MemberSchemas;
use super::flaw::{Flaws, Mark};
use super::keys::DECLARATION;
use super::lifecycle;
use super::reading::{self, Members, expected};
use super::schema::{self, Draft};
use super::transitions::{self, Around};
use super::{
    Access, Declaration, Declarations, States, Transition, Unique, blind, deprecated, list, unique,
    yaml,
};
use crate::command::Stale;

/// A declaration as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, as messages show it. The last segment without `.yaml` or `.yml` is the type's name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// What is wrong in one place of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The [`SourceFile::name`].
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was found, what was expected, and the nearest valid name where there is one.
    pub message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint {
            file,
            line,
            column,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

impl Declarations {
    /// Reads and checks declarations. `Err` is everything that is wrong in all of them, by file as
    /// given, then by line and column.
    pub fn parse(files: &[SourceFile]) -> Result<Declarations, Vec<Complaint>> {
        let mut types: BTreeMap<String, Declaration> = BTreeMap::new();
        let mut complaints = Vec::new();
        for file in files {
            let mut flaws = Flaws::default();
            if let Some(declaration) = read(file, &mut flaws) {
                let name = declaration.name.clone();
                if types.insert(name.clone(), declaration).is_some() {
                    flaws.say(
                        Mark::START,
                        format!(
                            "found a second declaration of `{name}`, expected one file per type"
                        ),
                    );
                }
            }
            complaints.extend(in_order(file, flaws));
        }
        if complaints.is_empty() {
            Ok(Declarations { types })
        } else {
            Err(complaints)
        }
    }
}

fn in_order(file: &SourceFile, flaws: Flaws) -> Vec<Complaint> {
    let mut flaws = flaws.0;
    flaws.sort();
    flaws.dedup();
    flaws
        .into_iter()
        .map(|(at, message)| Complaint {
            file: file.name.clone(),
            line: at.line,
            column: at.column,
            message,
        })
        .collect()
}

/// The declaration in a file; whether it may be used is for the flaws to say.
fn read(file: &SourceFile, flaws: &mut Flaws) -> Option<Declaration> {
    let root = yaml::read(&file.text, flaws)?;
    let members = reading::members(&root, DECLARATION, "a declaration", flaws)?;
    let name = type_name(&members, &file.name, flaws);
    let description = members
        .get("description")
        .and_then(|node| description(node, flaws));
    let draft = members.get("schema").and_then(|node| {
        let draft = schema::read(node, "the `schema`", flaws)?;
        schema::check_document(node, &draft, flaws);
        Some(draft)
    });
    let shape = draft.as_ref().map(Draft::shape);
    let unique = members
        .get("unique")
        .map(|node| unique::unique(node, shape.as_ref(), flaws))
        .unwrap_or_default();
    let access = members
        .get("access")
        .map(|node| access::access(node, flaws))
        .unwrap_or_default();
    let stale = members
        .get("stale")
        .and_then(|node| reading::word(node, &["refuse", "merge"], flaws));
    let tombstone_s = members
        .get("keep")
        .map_or(TOMBSTONE_S, |node| access::tombstone_s(node, flaws));
    let shards = members
        .get("list")
        .map_or(1, |node| list::shards(node, flaws));
    let deprecated = members
        .get("deprecated")
        .and_then(|node| deprecated::deprecated(node, flaws));
    let (states, transitions, member_schemas) = behaviour(&members, draft.as_ref(), &access, flaws);
    let read_only = shape.map(|shape| shape.all_read_only()).unwrap_or_default();
    let Draft { source, schema } = draft?;
    Some(Declaration {
        name: name?,
        description,
        schema: schema?,
        transitions: judged(transitions, &source, &unique),
        unique,
        states,
        stale: if stale == Some("merge") {
            Stale::Merge
        } else {
            Stale::Refuse
        },
        access,
        tombstone_s,
        shards,
        deprecated,
        read_only,
        members: member_schemas,
    })
}

/// The states and transitions: what can happen to a resource.
fn behaviour(
    members: &Members<'_>,
    draft: Option<&Draft>,
    access: &Access,
    flaws: &mut Flaws,
) -> (Option<States>, Vec<Transition>, MemberSchemas) {
    let declared = members
        .get("states")
        .and_then(|node| lifecycle::declared(node, flaws));
    let stateful = members.get("states").is_some();
    let outlines = members
        .get("transitions")
        .map(|node| transitions::outlines(node, stateful, flaws))
        .unwrap_or_default();
    let states = declared
        .as_ref()
        .and_then(|declared| lifecycle::lifecycle(declared, &outlines, flaws));
    let around = Around {
        document: draft.map(Draft::shape),
        states: match &states {
            Some(states) => Some(&states.all),
            None => stateful.then_some(&[]),
        },
        access: &access.transition,
    };
    let mut schemas = MemberSchemas::new();
    let transitions = outlines
        .iter()
        .map(|outline| transitions::transition(outline, &around, &mut schemas, flaws))
        .collect();
    (states, transitions, schemas)
}

/// The transitions, each with whether it is blind and what bounds its numbers.
fn judged(
    mut transitions: Vec<Transition>,
    schema: &serde_json::Value,
    unique: &[Unique],
) -> Vec<Transition> {
    for transition in &mut transitions {
        transition.blind = blind::is_blind(schema, unique, transition);
        transition.bounds = transition
            .add
            .iter()
            .map(|(pointer, _)| blind::bounds(schema, pointer))
            .collect();
    }
    transitions
}

fn type_name(members: &Members<'_>, file: &str, flaws: &mut Flaws) -> Option<String> {
    let node = members.get("type")?;
    let name = reading::text(node, "the name of the type, like `orders`", flaws)?;
    if !reading::is_path_name(name) {
        flaws.say(
            node.at,
            expected(node, "a lower-case letter and up to 62 lower-case letters, digits and hyphens, like `orders`"),
        );
        return None;
    }
    if name == "transactions" {
        flaws.say(
            node.at,
            "found `transactions`, which is reserved for a path of the API; expected another name",
        );
        return None;
    }
    let stem = stem(file);
    if stem != name {
        flaws.say(
            node.at,
            format!("found `{name}`, expected `{stem}`: a file is named after its type"),
        );
    }
    Some(name.to_owned())
}

/// The last segment of a path, without `.yaml` or `.yml`.
fn stem(file: &str) -> &str {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    last.strip_suffix(".yaml")
        .or_else(|| last.strip_suffix(".yml"))
        .unwrap_or(last)
}

fn description(node: &yaml::Node, flaws: &mut Flaws) -> Option<String> {
    let text = reading::text(node, "a sentence or two", flaws)?;
    Some(text.trim_end().to_owned())
}
