//! What pointers in a transition can name.

use super::flaw::{Flaws, Mark, hint};
use super::reading;
use super::schema::{Miss, Shape, Types};
use crate::document::pointer::Pointer;

/// What surrounds a clause or a change: everything that its pointers can name.
#[derive(Clone)]
pub(super) struct Scene<'s> {
    /// The document; `None` where its schema could not be read, so that nothing is said of it twice.
    pub(super) document: Option<Shape<'s>>,
    /// The transition's input.
    pub(super) input: Input<'s>,
    /// The declared states; `None` on a type without, empty where they could not be read.
    pub(super) states: Option<&'s [String]>,
    /// Whether clauses must say the same until the resource is written again: they then read it
    /// alone, and none of what every write moves.
    pub(super) lasting: bool,
    /// The element of an `each`.
    pub(super) item: Item<'s>,
}

/// The element of an `each`.
#[derive(Clone)]
pub(super) enum Item<'s> {
    /// Outside of an `each`.
    Nothing,
    /// Its schema could not be read.
    Unreadable,
    /// What its schema says.
    Shape(Shape<'s>),
}

/// The input of a transition.
#[derive(Clone)]
pub(super) enum Input<'s> {
    /// It takes none.
    Nothing,
    /// Its schema could not be read.
    Unreadable,
    /// What its schema says.
    Shape(Shape<'s>),
}

/// A field that a pointer names.
pub(super) struct Field<'s> {
    pub(super) pointer: Pointer,
    /// What its value can be.
    pub(super) types: Types,
    /// What the schema says of it; `None` for reserved members.
    pub(super) shape: Option<Shape<'s>>,
}

impl Field<'_> {
    /// Whether it is the lifecycle's state.
    pub(super) fn is_state(&self) -> bool {
        self.shape.is_none() && self.pointer.tokens() == ["state"]
    }
}

/// The reserved members that can be read in clauses and as values, with their types.
const READABLE: [(&str, Types); 6] = [
    ("state", Types::STRING),
    ("version", Types::INTEGER),
    ("createdAt", Types::STRING),
    ("createdBy", Types::STRING),
    ("updatedAt", Types::STRING),
    ("updatedBy", Types::STRING),
];

/// Those of them that every write moves.
const MOVING: [&str; 3] = ["version", "updatedAt", "updatedBy"];

/// The field that a clause tests or a value comes from.
pub(super) fn readable<'s>(
    found: &str,
    at: Mark,
    scene: &Scene<'s>,
    flaws: &mut Flaws,
) -> Option<Field<'s>> {
    let pointer = reading::pointer(found, at, flaws)?;
    match pointer.tokens() {
        [name] if name == "state" && scene.states.is_none() => {
            flaws.say(
                at,
                "found `/state`, but the type has no `states`; expected another field",
            );
            None
        }
        [name] if matches!(name.as_str(), "id" | "etag") => {
            flaws.say(
                at,
                format!("found `{found}`, which conditions and values cannot read; expected another field"),
            );
            None
        }
        [name] if scene.lasting && MOVING.contains(&name.as_str()) => {
            flaws.say(
                at,
                format!("found `{found}`, which every write moves: one that has nothing to do with the value would take or free it; expected another field"),
            );
            None
        }
        [name, ..] if crate::document::RESERVED.contains(&name.as_str()) => {
            let types = READABLE
                .iter()
                .find(|(known, _)| pointer.tokens() == [*known])
                .map(|(_, types)| *types);
            if types.is_none() {
                flaws.say(at, format!("found `{found}`, but `/{name}` has no members"));
            }
            Some(Field {
                pointer,
                types: types?,
                shape: None,
            })
        }
        _ => declared(pointer, at, scene, flaws),
    }
}

/// The field that a change writes: never a reserved member.
pub(super) fn writable<'s>(
    found: &str,
    at: Mark,
    scene: &Scene<'s>,
    flaws: &mut Flaws,
) -> Option<Field<'s>> {
    let pointer = reading::pointer(found, at, flaws)?;
    let first = pointer
        .tokens()
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    if crate::document::RESERVED.contains(&first) {
        let instead = match first {
            "state" => "`to` names the state that a transition ends in",
            _ => "it is kept for you",
        };
        flaws.say(
            at,
            format!("found `{found}`, which no change can write: {instead}"),
        );
        return None;
    }
    declared(pointer, at, scene, flaws)
}

/// What the element of an `each` holds at a pointer; at the root it is the element itself.
pub(super) fn element(
    pointer: &Pointer,
    at: Mark,
    scene: &Scene<'_>,
    flaws: &mut Flaws,
) -> Option<Types> {
    match &scene.item {
        Item::Shape(shape) if pointer.is_root() => Some(shape.types()),
        Item::Shape(shape) => {
            in_shape(shape, pointer, "the schema of the elements", at, flaws).map(|it| it.types())
        }
        Item::Unreadable => Some(Types::ANY),
        Item::Nothing => {
            flaws.say(
                at,
                "found `item`, which is the element of an `each`; expected it beside one, in `also`",
            );
            None
        }
    }
}

fn declared<'s>(
    pointer: Pointer,
    at: Mark,
    scene: &Scene<'s>,
    flaws: &mut Flaws,
) -> Option<Field<'s>> {
    let Some(document) = &scene.document else {
        return Some(Field {
            pointer,
            types: Types::ANY,
            shape: None,
        });
    };
    let reserved = READABLE.iter().map(|(name, _)| format!("/{name}"));
    let reserved: Vec<String> = reserved.collect();
    let shape = found_in(document, &pointer, "the schema", &reserved, at, flaws)?;
    Some(Field {
        types: shape.types(),
        shape: Some(shape),
        pointer,
    })
}

/// What a pointer names in a schema, or what is wrong with it.
pub(super) fn in_shape<'s>(
    shape: &Shape<'s>,
    pointer: &Pointer,
    whose: &str,
    at: Mark,
    flaws: &mut Flaws,
) -> Option<Shape<'s>> {
    found_in(shape, pointer, whose, &[], at, flaws)
}

/// The same, where names other than the schema's may have been meant.
fn found_in<'s>(
    shape: &Shape<'s>,
    pointer: &Pointer,
    whose: &str,
    others: &[String],
    at: Mark,
    flaws: &mut Flaws,
) -> Option<Shape<'s>> {
    match shape.of(pointer) {
        Ok(member) => Some(member),
        Err(Miss::Element) => {
            flaws.say(
                at,
                format!("found `{pointer}`, which leads into an array; expected a member of objects only"),
            );
            None
        }
        Err(Miss::Unknown(siblings)) => {
            let found = pointer.to_string();
            let mut names: Vec<String> = siblings.iter().map(Pointer::to_string).collect();
            if pointer.tokens().len() == 1 {
                names.extend_from_slice(others);
            }
            flaws.say(
                at,
                format!(
                    "found `{found}`, expected the pointer of a member that {whose} declares{}",
                    hint(&found, names.iter().map(String::as_str))
                ),
            );
            None
        }
    }
}

/// What the input holds at a pointer, where it is sure to hold something: required all the way.
pub(super) fn required_input(
    pointer: &Pointer,
    at: Mark,
    scene: &Scene<'_>,
    flaws: &mut Flaws,
) -> Option<Types> {
    let input = match &scene.input {
        Input::Shape(shape) => shape,
        Input::Unreadable => return Some(Types::ANY),
        Input::Nothing => {
            flaws.say(
                at,
                format!("found `{pointer}` of the input, but the transition declares no `input`"),
            );
            return None;
        }
    };
    let shape = in_shape(input, pointer, "the `input` schema", at, flaws)?;
    let mut above = input.clone();
    for token in pointer.tokens() {
        let sure = above.requires(token) && above.types().within(Types::OBJECT);
        if !sure {
            flaws.say(
                at,
                format!(
                    "found `{pointer}`, which the input may leave out: expected `{token}` to be in `required` of an object, so that it is never missing"
                ),
            );
            return None;
        }
        above = above.member(token)?;
    }
    Some(shape.types())
}
