//! Items as DynamoDB holds them: the document as one map attribute, everything else beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use onlyif::answer::{Done, DoneKind};
use onlyif::document::Document;
use onlyif::document::pointer::Pointer;
use onlyif::evaluate;
use onlyif::item::{
    Claim, Clock, ClockPart, Clocks, Item, Key, Lease, LeasePart, Name, Partition, Record,
    Resource, Stamps, Tombstone,
};
use onlyif::timestamp::Timestamp;
use serde_json::Value;

use crate::attributes as name;
use crate::{keys, number};

/// An item in DynamoDB's terms.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// Why an item of the table is none of ours: what is wrong with which attribute. For the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign(pub(crate) String);

/// The key of an item.
pub(crate) fn key(key: &Key) -> Attributes {
    HashMap::from([
        (
            name::PARTITION_KEY.to_owned(),
            AttributeValue::S(keys::partition_key(key)),
        ),
        (
            name::SORT_KEY.to_owned(),
            AttributeValue::S(keys::SORT.to_owned()),
        ),
    ])
}

/// A value as an attribute.
pub(crate) fn encode_value(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(truth) => AttributeValue::Bool(*truth),
        Value::Number(number) => AttributeValue::N(number::text(number)),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(elements) => AttributeValue::L(elements.iter().map(encode_value).collect()),
        Value::Object(members) => AttributeValue::M(encode_members(members)),
    }
}

/// The members of an object, or of a document, as a map.
pub(crate) fn encode_members(members: &Document) -> Attributes {
    members
        .iter()
        .map(|(name, value)| (name.clone(), encode_value(value)))
        .collect()
}

/// A whole item; a resource with the index partition that lists it.
pub(crate) fn encode(at: &Key, item: &Item, listed_in: Option<&Partition>) -> Attributes {
    let mut into = Encoder(key(at));
    if let Some(partition) = listed_in {
        into.text(name::INDEX_PARTITION_KEY, &keys::index_key(partition));
    }
    if let Key::Resource { id, .. } = at {
        into.text(name::INDEX_SORT_KEY, id);
    }
    match item {
        Item::Resource(resource) => into.resource(resource),
        Item::Tombstone(tombstone) => into.tombstone(tombstone),
        Item::Claim(claim) => into.text(name::OWNER, &claim.owner),
        Item::Record(record) => into.record(record),
    }
    into.0
}

/// What an operation has done.
fn encode_done(done: &Done) -> Attributes {
    let mut into = Encoder(Attributes::new());
    into.text(name::KIND, kind(done.kind));
    into.text(name::RESOURCE_ID, &done.id);
    into.put(name::REPLAYED, AttributeValue::Bool(done.replayed));
    into.put(name::MERGED, AttributeValue::Bool(done.merged));
    if let Some(resource) = &done.resource {
        let mut shown = Encoder(Attributes::new());
        shown.shown(resource);
        into.put(name::RESOURCE, AttributeValue::M(shown.0));
    }
    if let Some(lease) = &done.lease {
        into.lease(lease);
    }
    into.0
}

const KINDS: [DoneKind; 6] = [
    DoneKind::Created,
    DoneKind::Changed,
    DoneKind::Unchanged,
    DoneKind::Deleted,
    DoneKind::Leased,
    DoneKind::Released,
];

fn kind(kind: DoneKind) -> &'static str {
    match kind {
        DoneKind::Created => "created",
        DoneKind::Changed => "changed",
        DoneKind::Unchanged => "unchanged",
        DoneKind::Deleted => "deleted",
        DoneKind::Leased => "leased",
        DoneKind::Released => "released",
    }
}

/// Attributes as they are put together.
pub(crate) struct Encoder(pub(crate) Attributes);

impl Encoder {
    pub(crate) fn put(&mut self, name: &str, value: AttributeValue) {
        self.0.insert(name.to_owned(), value);
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.put(name, AttributeValue::S(text.to_owned()));
    }

    pub(crate) fn time(&mut self, name: &str, time: Timestamp) {
        self.text(name, &time.to_string());
    }

    pub(crate) fn count(&mut self, name: &str, number: impl ToString) {
        self.put(name, AttributeValue::N(number.to_string()));
    }

    fn resource(&mut self, resource: &Resource) {
        self.shown(resource);
        if let Some(time) = resource.previous_at {
            self.time(name::PREVIOUS_AT, time);
        }
        self.clocks(&resource.clocks);
        self.stamps(&resource.stamps);
        for (type_name, count) in &resource.dependents {
            self.count(&name::dependents(type_name), count);
        }
        if !resource.counted.is_empty() {
            let names = evaluate::names(&resource.counted);
            self.put(name::COUNTED, encode_value(&names));
        }
        match &resource.lease {
            Some(lease) => self.lease(lease),
            None => self.lease_token(resource.lease_token),
        }
    }

    /// The lease, with its token beside it.
    fn lease(&mut self, lease: &Lease) {
        let mut parts = Encoder(Attributes::new());
        parts.text(LeasePart::Holder.name(), &lease.holder);
        parts.count(LeasePart::Until.name(), lease.until.millis());
        parts.text(LeasePart::RequestId.name(), &lease.request_id);
        self.put(name::LEASE, AttributeValue::M(parts.0));
        self.lease_token(lease.token);
    }

    fn lease_token(&mut self, token: u64) {
        if token > 0 {
            self.count(name::LEASE_TOKEN, token);
        }
    }

    /// What a representation shows.
    fn shown(&mut self, resource: &Resource) {
        self.put(
            name::DOCUMENT,
            AttributeValue::M(encode_members(&resource.document)),
        );
        self.count(name::VERSION, resource.version);
        self.text(name::INCARNATION, &resource.incarnation);
        if let Some(state) = &resource.state {
            self.text(name::STATE, state);
        }
        self.time(name::CREATED_AT, resource.created_at);
        self.text(name::CREATED_BY, &resource.created_by);
        self.time(name::UPDATED_AT, resource.updated_at);
        self.text(name::UPDATED_BY, &resource.updated_by);
        self.text(name::OPERATION, &resource.operation);
    }

    fn record(&mut self, record: &Record) {
        self.text(name::FINGERPRINT, &record.fingerprint);
        self.text(name::REQUEST_ID, &record.request_id);
        self.count(name::EXPIRES, record.expires_at_s);
        let all = record
            .done
            .iter()
            .map(|done| AttributeValue::M(encode_done(done)));
        self.put(name::DONE, AttributeValue::L(all.collect()));
    }

    fn clocks(&mut self, clocks: &Clocks) {
        for part in [ClockPart::Version, ClockPart::Actor, ClockPart::At] {
            let entry = |clock: &Clock| match part {
                ClockPart::Version => AttributeValue::N(clock.version.to_string()),
                ClockPart::Actor => AttributeValue::S(clock.actor.clone()),
                ClockPart::At => AttributeValue::S(clock.at.to_string()),
            };
            let map = clocks
                .fields
                .iter()
                .map(|(pointer, clock)| (name::clock_name(pointer), entry(clock)))
                .collect();
            self.put(name::clock_map(part), AttributeValue::M(map));
        }
        self.count(name::FLOOR, clocks.floor);
    }

    fn stamps(&mut self, stamps: &Stamps) {
        for (name, stamp) in name::STAMPS.iter().zip(&stamps.0) {
            self.text(name, stamp);
        }
    }

    fn tombstone(&mut self, tombstone: &Tombstone) {
        self.count(name::VERSION, tombstone.version);
        self.text(name::INCARNATION, &tombstone.incarnation);
        self.time(name::CREATED_AT, tombstone.created_at);
        if let Some(actor) = &tombstone.created_by {
            self.text(name::CREATED_BY, actor);
        }
        self.time(name::DELETED_AT, tombstone.deleted_at);
        self.text(name::DELETED_BY, &tombstone.deleted_by);
        self.stamps(&tombstone.stamps);
        self.lease_token(tombstone.lease_token);
        self.count(name::EXPIRES, tombstone.expires_at_s);
    }
}

/// The item that the attributes say is at this key.
pub(crate) fn decode(at: &Key, attributes: &Attributes) -> Result<Item, Foreign> {
    let from = Decoder(attributes);
    match at {
        Key::Unique { .. } => Ok(Item::Claim(Claim {
            owner: from.text(name::OWNER)?,
        })),
        Key::Record { .. } => Ok(Item::Record(Box::new(from.record()?))),
        Key::Resource { .. } if attributes.contains_key(name::DELETED_AT) => {
            from.tombstone().map(Item::from)
        }
        Key::Resource { .. } => from.resource().map(Item::from),
    }
}

/// A resource that the index lists, with its id.
pub(crate) fn decode_listed(attributes: &Attributes) -> Result<(String, Resource), Foreign> {
    let from = Decoder(attributes);
    Ok((from.text(name::INDEX_SORT_KEY)?, from.resource()?))
}

/// Attributes as they are taken apart.
pub(crate) struct Decoder<'a>(pub(crate) &'a Attributes);

impl Decoder<'_> {
    fn resource(&self) -> Result<Resource, Foreign> {
        let shown = self.shown()?;
        Ok(Resource {
            previous_at: self.optional(name::PREVIOUS_AT, Self::time)?,
            clocks: self.clocks()?,
            stamps: self.stamps()?,
            dependents: self.dependents()?,
            counted: self.counted()?,
            lease_token: self.lease_token()?,
            lease: self.lease()?.map(Box::new),
            ..shown
        })
    }

    fn counted(&self) -> Result<BTreeSet<Name>, Foreign> {
        let foreign = || Foreign(format!("{} is no list of names", name::COUNTED));
        let names = match self.0.get(name::COUNTED) {
            None => return Ok(BTreeSet::new()),
            Some(AttributeValue::L(names)) => names,
            Some(_) => return Err(foreign()),
        };
        let name = |name: &AttributeValue| match name {
            AttributeValue::S(name) => name.parse().map_err(|()| foreign()),
            _ => Err(foreign()),
        };
        names.iter().map(name).collect()
    }

    /// A counter that has come down to 0 counts nothing, and stays.
    fn dependents(&self) -> Result<BTreeMap<String, u64>, Foreign> {
        let mut dependents = BTreeMap::new();
        for name in self.0.keys() {
            if let Some(type_name) = name.strip_prefix(name::DEPENDENTS)
                && let Ok(count @ 1..) = u64::try_from(self.count::<i64>(name)?)
            {
                dependents.insert(type_name.to_owned(), count);
            }
        }
        Ok(dependents)
    }

    fn shown(&self) -> Result<Resource, Foreign> {
        Ok(Resource {
            document: decode_members(self.map(name::DOCUMENT)?)?,
            version: self.count(name::VERSION)?,
            incarnation: self.text(name::INCARNATION)?,
            state: self.optional(name::STATE, Self::text)?,
            created_at: self.time(name::CREATED_AT)?,
            created_by: self.text(name::CREATED_BY)?,
            updated_at: self.time(name::UPDATED_AT)?,
            updated_by: self.text(name::UPDATED_BY)?,
            operation: self.text(name::OPERATION)?,
            previous_at: None,
            clocks: Clocks::default(),
            stamps: Stamps::default(),
            dependents: BTreeMap::new(),
            counted: BTreeSet::new(),
            lease_token: 0,
            lease: None,
        })
    }

    fn record(&self) -> Result<Record, Foreign> {
        let AttributeValue::L(all) = self.get(name::DONE)? else {
            return Err(Foreign(format!("{} is no list", name::DONE)));
        };
        let each = all.iter().map(|done| match done {
            AttributeValue::M(done) => Decoder(done).done(),
            _ => Err(Foreign("what was done is no map".into())),
        });
        Ok(Record {
            fingerprint: self.text(name::FINGERPRINT)?,
            request_id: self.text(name::REQUEST_ID)?,
            expires_at_s: self.count(name::EXPIRES)?,
            done: each.collect::<Result<_, _>>()?,
        })
    }

    fn done(&self) -> Result<Done, Foreign> {
        let resource = self.optional(name::RESOURCE, |from, name| {
            Decoder(from.map(name)?).shown().map(Arc::new)
        })?;
        let name = self.text(name::KIND)?;
        let kind = KINDS.into_iter().find(|known| self::kind(*known) == name);
        Ok(Done {
            kind: kind.ok_or_else(|| Foreign(format!("{name} is no kind of change")))?,
            id: self.text(name::RESOURCE_ID)?,
            resource,
            lease: self.lease()?,
            replayed: self.truth(name::REPLAYED)?,
            merged: self.truth(name::MERGED)?,
        })
    }

    fn truth(&self, name: &str) -> Result<bool, Foreign> {
        match self.get(name)? {
            AttributeValue::Bool(truth) => Ok(*truth),
            _ => Err(Foreign(format!("{name} is no boolean"))),
        }
    }

    fn tombstone(&self) -> Result<Tombstone, Foreign> {
        Ok(Tombstone {
            version: self.count(name::VERSION)?,
            incarnation: self.text(name::INCARNATION)?,
            created_at: self.time(name::CREATED_AT)?,
            created_by: self.optional(name::CREATED_BY, Self::text)?,
            deleted_at: self.time(name::DELETED_AT)?,
            deleted_by: self.text(name::DELETED_BY)?,
            stamps: self.stamps()?,
            lease_token: self.lease_token()?,
            expires_at_s: self.count(name::EXPIRES)?,
        })
    }

    fn clocks(&self) -> Result<Clocks, Foreign> {
        let versions = Decoder(self.map(name::clock_map(ClockPart::Version))?);
        let actors = Decoder(self.map(name::clock_map(ClockPart::Actor))?);
        let times = Decoder(self.map(name::clock_map(ClockPart::At))?);
        let mut clocks = Clocks {
            floor: self.count(name::FLOOR)?,
            ..Clocks::default()
        };
        for name in versions.0.keys() {
            let pointer: Pointer = name
                .parse()
                .map_err(|_| Foreign(format!("a clock's name is no pointer: {name}")))?;
            let clock = Clock {
                version: versions.count(name)?,
                actor: actors.text(name)?,
                at: times.time(name)?,
            };
            clocks.fields.insert(pointer, clock);
        }
        Ok(clocks)
    }

    fn lease_token(&self) -> Result<u64, Foreign> {
        let token = self.optional(name::LEASE_TOKEN, Self::count)?;
        Ok(token.unwrap_or_default())
    }

    fn lease(&self) -> Result<Option<Lease>, Foreign> {
        if !self.0.contains_key(name::LEASE) {
            return Ok(None);
        }
        let parts = Decoder(self.map(name::LEASE)?);
        let until_ms = parts.count(LeasePart::Until.name())?;
        Ok(Some(Lease {
            holder: parts.text(LeasePart::Holder.name())?,
            until: Timestamp::from_millis(until_ms),
            token: self.lease_token()?,
            request_id: parts.text(LeasePart::RequestId.name())?,
        }))
    }

    fn stamps(&self) -> Result<Stamps, Foreign> {
        let mut stamps = Stamps::default();
        for (name, stamp) in name::STAMPS.iter().zip(&mut stamps.0) {
            *stamp = self.text(name)?;
        }
        Ok(stamps)
    }

    pub(crate) fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, Foreign>,
    ) -> Result<Option<T>, Foreign> {
        if self.0.contains_key(name) {
            read(self, name).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn get(&self, name: &str) -> Result<&AttributeValue, Foreign> {
        self.0
            .get(name)
            .ok_or_else(|| Foreign(format!("{name} is missing")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<String, Foreign> {
        match self.get(name)? {
            AttributeValue::S(text) => Ok(text.clone()),
            _ => Err(Foreign(format!("{name} is no string"))),
        }
    }

    pub(crate) fn time(&self, name: &str) -> Result<Timestamp, Foreign> {
        Timestamp::parse(&self.text(name)?).ok_or_else(|| Foreign(format!("{name} is no time")))
    }

    pub(crate) fn count<T: std::str::FromStr>(&self, name: &str) -> Result<T, Foreign> {
        let wrong = || Foreign(format!("{name} is no whole number"));
        match self.get(name)? {
            AttributeValue::N(text) => number::parse(text)
                .and_then(|number| number.to_string().parse().ok())
                .ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    pub(crate) fn map(&self, name: &str) -> Result<&Attributes, Foreign> {
        match self.get(name)? {
            AttributeValue::M(map) => Ok(map),
            _ => Err(Foreign(format!("{name} is no map"))),
        }
    }
}

/// DynamoDB keeps no order of members: they come back ordered by name.
pub(crate) fn decode_members(attributes: &Attributes) -> Result<Document, Foreign> {
    let mut ordered: Vec<_> = attributes.iter().collect();
    ordered.sort_unstable_by_key(|(name, _)| *name);
    let mut members = Document::new();
    for (name, value) in ordered {
        members.insert(name.clone(), decode_value(value)?);
    }
    Ok(members)
}

/// The value that an attribute holds.
pub(crate) fn decode_value(attribute: &AttributeValue) -> Result<Value, Foreign> {
    Ok(match attribute {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::Bool(truth) => Value::Bool(*truth),
        AttributeValue::N(text) => {
            Value::Number(number::parse(text).ok_or_else(|| Foreign("a number is none".into()))?)
        }
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::L(elements) => Value::Array(
            elements
                .iter()
                .map(decode_value)
                .collect::<Result<_, _>>()?,
        ),
        AttributeValue::M(members) => Value::Object(decode_members(members)?),
        _ => return Err(Foreign("a value of the document is no JSON".into())),
    })
}
