//! From files to declarations, or to everything that is wrong in them.

use std::collections::BTreeMap;
use std::fmt;

use super::access;
use super::also::{self, Claim};
use super::changes::MemberSchemas;
use super::fields::{Input, Item, Scene};
use super::flaw::{Flaws, Mark};
use super::keep;
use super::keys::DECLARATION;
use super::lifecycle;
use super::reading::{self, Members, expected};
use super::references::Named;
use super::schema::{self, Draft};
use super::transitions::{self, Around};
use super::{
    Access, Declaration, Declarations, Reference, States, Transition, Unique, blind, deprecated,
    lease, list, references, unique, yaml,
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
        let mut unreadable = Vec::new();
        let mut read = Vec::new();
        for file in files {
            let mut flaws = Flaws::default();
            let mut claims = Vec::new();
            let mut named = Vec::new();
            match self::read(file, &mut claims, &mut named, &mut flaws) {
                Some(declaration) => {
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
                None => unreadable.push(stem(&file.name).to_owned()),
            }
            read.push((file, claims, named, flaws));
        }
        let mut complaints = Vec::new();
        for (file, claims, named, mut flaws) in read {
            also::check(&claims, &types, &unreadable, &mut flaws);
            references::check(&named, &types, &unreadable, &mut flaws);
            complaints.extend(in_order(file, flaws));
        }
        if complaints.is_empty() {
            Ok(Declarations::of(types))
        } else {
            Err(complaints)
        }
    }
}

/// The declaration of a file that [`Declarations::parse`] had nothing against.
pub(super) fn again(file: &SourceFile) -> Option<Declaration> {
    let mut flaws = Flaws::ruled_out();
    self::read(file, &mut Vec::new(), &mut Vec::new(), &mut flaws)
}

fn in_order(file: &SourceFile, flaws: Flaws) -> Vec<Complaint> {
    flaws
        .in_order()
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
fn read(
    file: &SourceFile,
    claims: &mut Vec<Claim>,
    named: &mut Vec<Named>,
    flaws: &mut Flaws,
) -> Option<Declaration> {
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
    let access = members
        .get("access")
        .map(|node| access::access(node, flaws))
        .unwrap_or_default();
    let stale = members
        .get("stale")
        .and_then(|node| reading::word(node, &["refuse", "merge"], flaws));
    let keep = keep::keep(members.get("keep"), flaws);
    let lease_max_s = members
        .get("lease")
        .and_then(|node| lease::max_s(node, flaws));
    let shards = members
        .get("list")
        .map_or(1, |node| list::shards(node, flaws));
    let deprecated = members
        .get("deprecated")
        .and_then(|node| deprecated::deprecated(node, flaws));
    let behaviour = behaviour(&members, draft.as_ref(), &access, claims, flaws);
    let scene = Scene {
        document: shape.clone(),
        input: Input::Nothing,
        states: names(&members, behaviour.states.as_ref()),
        item: Item::Nothing,
        lasting: true,
    };
    let unique = members
        .get("unique")
        .map(|node| unique::unique(node, &scene, flaws))
        .unwrap_or_default();
    let references = members
        .get("references")
        .map(|node| references::references(node, &scene, named, flaws))
        .unwrap_or_default();
    drop(scene);
    let read_only = shape.map(|shape| shape.all_read_only()).unwrap_or_default();
    let Draft { source, schema } = draft?;
    Some(Declaration {
        name: name?,
        description,
        schema: schema?,
        create: behaviour
            .create
            .map(|create| judge(create, &source, &unique, &references)),
        transitions: judged(behaviour.transitions, &source, &unique, &references),
        unique,
        references,
        states: behaviour.states,
        stale: if stale == Some("merge") {
            Stale::Merge
        } else {
            Stale::Refuse
        },
        access,
        tombstone_s: keep.tombstone_s,
        history_s: keep.history_s,
        idempotency_s: keep.idempotency_s,
        lease_max_s,
        shards,
        deprecated,
        read_only,
        members: behaviour.schemas,
    })
}

/// What can happen to a resource.
struct Behaviour {
    states: Option<States>,
    create: Option<Transition>,
    transitions: Vec<Transition>,
    schemas: MemberSchemas,
}

fn behaviour(
    members: &Members<'_>,
    draft: Option<&Draft>,
    access: &Access,
    claims: &mut Vec<Claim>,
    flaws: &mut Flaws,
) -> Behaviour {
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
        states: names(members, states.as_ref()),
        access: &access.transition,
    };
    let mut schemas = MemberSchemas::new();
    let create = members
        .get("create")
        .and_then(|node| transitions::create(node, &around, &mut schemas, claims, flaws));
    let transitions = outlines
        .iter()
        .map(|outline| transitions::transition(outline, &around, &mut schemas, claims, flaws))
        .collect();
    Behaviour {
        states,
        create,
        transitions,
        schemas,
    }
}

/// The states that clauses can name: `None` on a type without, none where they could not be read.
fn names<'s>(members: &Members<'_>, states: Option<&'s States>) -> Option<&'s [String]> {
    match states {
        Some(states) => Some(&states.all),
        None => members.get("states").map(|_| &[][..]),
    }
}

/// The transitions, each with whether it is blind and what bounds its numbers.
fn judged(
    transitions: Vec<Transition>,
    schema: &serde_json::Value,
    unique: &[Unique],
    references: &[Reference],
) -> Vec<Transition> {
    let each = transitions.into_iter();
    each.map(|transition| judge(transition, schema, unique, references))
        .collect()
}

fn judge(
    transition: Transition,
    schema: &serde_json::Value,
    unique: &[Unique],
    references: &[Reference],
) -> Transition {
    let add = transition.add.iter();
    let bounds = add.map(|(pointer, _)| blind::bounds(schema, pointer));
    Transition {
        blind: blind::is_blind(schema, unique, references, &transition),
        bounds: bounds.collect(),
        ..transition
    }
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
pub(super) fn stem(file: &str) -> &str {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    last.strip_suffix(".yaml")
        .or_else(|| last.strip_suffix(".yml"))
        .unwrap_or(last)
}

fn description(node: &yaml::Node, flaws: &mut Flaws) -> Option<String> {
    let text = reading::text(node, "a sentence or two", flaws)?;
    Some(text.trim_end().to_owned())
}
