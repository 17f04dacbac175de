//! A store in memory, written from the documentation of plans alone: what the engine is tested on.

pub(crate) mod world;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use onlyif::document::number;
use onlyif::document::pointer::Pointer;
use onlyif::evaluate::{self, Image};
use onlyif::item::{
    Attribute, Claim, Clock, ClockPart, Clocks, Item, Key, Lease, LeasePart, Name, Operand, Record,
    Resource, Stamps, Tombstone,
};
use onlyif::plan::{Assignment, Effect, Plan, Write};
use onlyif::store::Written;
use onlyif::timestamp::Timestamp;
use serde_json::{Map, Value};

/// A table of attributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    items: BTreeMap<Key, Attributes>,
}

/// An item as the values of its attributes; the document and the clock maps are values. A record,
/// which is only ever put as a whole, is kept as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Attributes(BTreeMap<Attribute, Value>, Option<Box<Record>>);

impl Model {
    /// What is stored at this key.
    pub(crate) fn get(&self, key: &Key) -> Option<Item> {
        self.items.get(key).map(Attributes::item)
    }

    /// All keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.items.keys()
    }

    /// Does all the writes of the plan, or none.
    pub(crate) fn write(&mut self, plan: &Plan) -> Written {
        let mut keys: Vec<&Key> = plan.writes.iter().map(|write| &write.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(
            keys.len(),
            plan.writes.len(),
            "two writes of one item: {plan:?}"
        );
        let refused: Vec<&Write> = plan
            .writes
            .iter()
            .filter(|write| !self.allows(write))
            .collect();
        if !refused.is_empty() {
            let shown = refused
                .into_iter()
                .map(|write| (write.key.clone(), self.get(&write.key)));
            return Written::Refused(shown.collect());
        }
        let before = self.clone();
        for write in &plan.writes {
            if !self.apply(write) {
                *self = before;
                return Written::TooMuch;
            }
        }
        let image = plan.needs_image().then(|| self.get(&plan.writes[0].key));
        Written::Done(image.flatten())
    }

    fn allows(&self, write: &Write) -> bool {
        match self.items.get(&write.key) {
            Some(item) => evaluate::holds(&write.condition, item),
            None => evaluate::holds(&write.condition, &None::<Item>),
        }
    }

    fn apply(&mut self, write: &Write) -> bool {
        match &write.effect {
            Effect::Delete => {
                self.items.remove(&write.key);
                true
            }
            Effect::Put(item, _) => {
                self.items.insert(write.key.clone(), Attributes::of(item));
                true
            }
            Effect::Check => true,
            Effect::Update(assignments) => {
                let old = self.items.get(&write.key).cloned().unwrap_or_default();
                let mut new = old.clone();
                let done = assignments.iter().all(|each| new.assign(&old, each));
                self.items.insert(write.key.clone(), new);
                done
            }
        }
    }
}

impl Image for Attributes {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, Value>> {
        match attribute {
            Attribute::Key => Some(Cow::Owned(Value::Bool(true))),
            Attribute::Document(pointer) if !pointer.is_root() => {
                let document = self.0.get(&Attribute::Document(Pointer::root()))?;
                pointer.of(document.as_object()?).map(Cow::Borrowed)
            }
            Attribute::Clock(part, pointer) => self
                .0
                .get(&Attribute::Clocks(*part))?
                .get(pointer.to_string())
                .map(Cow::Borrowed),
            Attribute::LeasePart(part) => self
                .0
                .get(&Attribute::Lease)?
                .get(part.name())
                .map(Cow::Borrowed),
            other => self.0.get(other).map(Cow::Borrowed),
        }
    }
}

impl Attributes {
    /// Changes one attribute as `old`, the item before the update, says; `false` where the store
    /// would call the update invalid.
    fn assign(&mut self, old: &Attributes, assignment: &Assignment) -> bool {
        match assignment {
            Assignment::Remove(attribute) => self.remove(attribute),
            Assignment::Set(attribute, Operand::Value(value)) => self.set(attribute, value.clone()),
            Assignment::Set(attribute, Operand::Attribute(from)) => match old.attribute(from) {
                Some(value) => self.set(attribute, value.into_owned()),
                None => false,
            },
            Assignment::Set(attribute, Operand::Partition(partition)) => {
                self.set(attribute, Value::from(partition.state.clone()))
            }
            Assignment::Count(attribute, by) => {
                let now = self.attribute(attribute).and_then(|now| now.as_i64());
                let then = now.unwrap_or_default() + by;
                assert!(
                    then >= 0,
                    "{attribute:?} counts less than nothing: {self:?}"
                );
                self.set(attribute, Value::from(then))
            }
            Assignment::Sum(attribute, from, amount) => match old.attribute(from).as_deref() {
                Some(Value::Number(number)) => match number::sum(number, amount) {
                    Some(sum) => self.set(attribute, Value::Number(sum)),
                    None => false,
                },
                _ => false,
            },
        }
    }

    fn set(&mut self, attribute: &Attribute, value: Value) -> bool {
        let Some((object, name)) = self.place(attribute) else {
            return false;
        };
        match object {
            Some(object) => object.insert(name, value),
            None => self.0.insert(attribute.clone(), value),
        };
        true
    }

    fn remove(&mut self, attribute: &Attribute) -> bool {
        let Some((object, name)) = self.place(attribute) else {
            return false;
        };
        match object {
            Some(object) => object.shift_remove(&name),
            None => self.0.remove(attribute),
        };
        true
    }

    /// The object and member that a nested attribute is; no object for a top-level one; `None`
    /// where the way there is missing.
    fn place(
        &mut self,
        attribute: &Attribute,
    ) -> Option<(Option<&mut Map<String, Value>>, String)> {
        match attribute {
            Attribute::Document(pointer) if !pointer.is_root() => {
                let document = self.0.get_mut(&Attribute::Document(Pointer::root()))?;
                let (object, name) = pointer.holder(document.as_object_mut()?)?;
                Some((Some(object), name.to_owned()))
            }
            Attribute::Clock(part, pointer) => {
                let map = self.0.get_mut(&Attribute::Clocks(*part))?.as_object_mut()?;
                Some((Some(map), pointer.to_string()))
            }
            _ => Some((None, String::new())),
        }
    }

    fn of(item: &Item) -> Self {
        let mut all: Vec<Attribute> = vec![
            Attribute::Document(Pointer::root()),
            Attribute::State,
            Attribute::Version,
            Attribute::Incarnation,
            Attribute::CreatedAt,
            Attribute::CreatedBy,
            Attribute::UpdatedAt,
            Attribute::UpdatedBy,
            Attribute::Operation,
            Attribute::PreviousAt,
            Attribute::DeletedAt,
            Attribute::DeletedBy,
            Attribute::Floor,
            Attribute::Counted,
            Attribute::LeaseToken,
            Attribute::Lease,
            Attribute::Owner,
            Attribute::Expires,
        ];
        all.extend([ClockPart::Version, ClockPart::Actor, ClockPart::At].map(Attribute::Clocks));
        all.extend((0..8).map(Attribute::Stamp));
        if let Item::Resource(resource) = item {
            all.extend(
                resource
                    .dependents
                    .keys()
                    .cloned()
                    .map(Attribute::Dependents),
            );
        }
        let values = all.into_iter().filter_map(|attribute| {
            let value = item.attribute(&attribute)?.into_owned();
            Some((attribute, value))
        });
        let record = match item {
            Item::Record(record) => Some(record.clone()),
            Item::Resource(_) | Item::Tombstone(_) | Item::Claim(_) => None,
        };
        Attributes(values.collect(), record)
    }

    fn text(&self, attribute: Attribute) -> Option<String> {
        self.0.get(&attribute)?.as_str().map(str::to_owned)
    }

    fn time(&self, attribute: Attribute) -> Option<Timestamp> {
        Timestamp::parse(&self.text(attribute)?)
    }

    fn count(&self, attribute: Attribute) -> u64 {
        self.0
            .get(&attribute)
            .and_then(Value::as_u64)
            .expect("a whole number")
    }

    fn stamps(&self) -> Stamps {
        Stamps(std::array::from_fn(|place| {
            self.text(Attribute::Stamp(place)).expect("a stamp")
        }))
    }

    fn counted(&self) -> BTreeSet<Name> {
        let names = self.0.get(&Attribute::Counted).and_then(Value::as_array);
        let text = |name: &Value| name.as_str().expect("a name").parse().expect("a name");
        names.into_iter().flatten().map(text).collect()
    }

    fn dependents(&self) -> BTreeMap<String, u64> {
        let counts = self
            .0
            .iter()
            .filter_map(|(attribute, count)| match attribute {
                Attribute::Dependents(type_name) => Some((type_name.clone(), count.as_u64()?)),
                _ => None,
            });
        counts.filter(|(_, count)| *count > 0).collect()
    }

    fn lease_token(&self) -> u64 {
        let token = self.0.get(&Attribute::LeaseToken);
        token.map_or(0, |token| token.as_u64().expect("a token"))
    }

    fn lease(&self) -> Option<Lease> {
        let part = |part: LeasePart| self.attribute(&Attribute::LeasePart(part));
        let text = |value: Option<Cow<'_, Value>>| {
            let value = value.expect("a part of the lease");
            value.as_str().expect("a text").to_owned()
        };
        self.0.get(&Attribute::Lease)?;
        let until_ms = part(LeasePart::Until).and_then(|until| until.as_i64());
        Some(Lease {
            holder: text(part(LeasePart::Holder)),
            until: Timestamp::from_millis(until_ms.expect("a time")),
            token: self.lease_token(),
            request_id: text(part(LeasePart::RequestId)),
        })
    }

    fn clocks(&self) -> Clocks {
        let map = |part| {
            self.0[&Attribute::Clocks(part)]
                .as_object()
                .expect("a clock map")
        };
        let (actors, times) = (map(ClockPart::Actor), map(ClockPart::At));
        let fields = map(ClockPart::Version).iter().map(|(pointer, version)| {
            let clock = Clock {
                version: version.as_u64().expect("a version"),
                actor: actors[pointer].as_str().expect("an actor").to_owned(),
                at: times[pointer]
                    .as_str()
                    .and_then(Timestamp::parse)
                    .expect("a time"),
            };
            (pointer.parse().expect("a pointer"), clock)
        });
        Clocks {
            fields: fields.collect(),
            floor: self.count(Attribute::Floor),
        }
    }

    fn item(&self) -> Item {
        if let Some(record) = &self.1 {
            return Item::Record(record.clone());
        }
        if let Some(owner) = self.text(Attribute::Owner) {
            return Item::Claim(Claim { owner });
        }
        let version = self.count(Attribute::Version);
        let incarnation = self.text(Attribute::Incarnation).expect("an incarnation");
        let stamps = self.stamps();
        if let Some(deleted_at) = self.time(Attribute::DeletedAt) {
            assert!(
                !self.0.contains_key(&Attribute::Document(Pointer::root())),
                "{self:?}"
            );
            return Item::from(Tombstone {
                version,
                incarnation,
                created_at: self.time(Attribute::CreatedAt).expect("a time"),
                created_by: self.text(Attribute::CreatedBy),
                deleted_at,
                deleted_by: self.text(Attribute::DeletedBy).expect("an actor"),
                stamps,
                lease_token: self.lease_token(),
                expires_at_s: self.0[&Attribute::Expires].as_i64().expect("a time"),
            });
        }
        Item::from(Resource {
            document: self.0[&Attribute::Document(Pointer::root())]
                .as_object()
                .expect("a document")
                .clone(),
            version,
            incarnation,
            state: self.text(Attribute::State),
            created_at: self.time(Attribute::CreatedAt).expect("a time"),
            created_by: self.text(Attribute::CreatedBy).expect("an actor"),
            updated_at: self.time(Attribute::UpdatedAt).expect("a time"),
            updated_by: self.text(Attribute::UpdatedBy).expect("an actor"),
            operation: self.text(Attribute::Operation).expect("an operation"),
            previous_at: self.time(Attribute::PreviousAt),
            clocks: self.clocks(),
            stamps,
            dependents: self.dependents(),
            counted: self.counted(),
            lease_token: self.lease_token(),
            lease: self.lease().map(Box::new),
        })
    }
}
