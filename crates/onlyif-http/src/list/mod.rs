//! Lists: pages of a type's resources, ordered by id, merged over its index partitions; or the one
//! resource that holds a unique value.

mod merge;

use futures_util::{StreamExt, TryStreamExt, stream};
use lambda_http::http::header::LINK;
use lambda_http::{Body, Response};
use onlyif::command::Caller;
use onlyif::decide::{held_key, unique_key};
use onlyif::declaration::{Declaration, Unique};
use onlyif::document::{representation, sent_bytes_of};
use onlyif::item::{Item, Key, Partition, is_possible_id};
use onlyif::lifecycle;
use onlyif::problem::{Fault, Place, Problem};
use onlyif::store::Store;
use serde::Serialize;
use serde_json::Value;

use crate::answer;
use crate::cursor::Cursor;
use crate::exchange::{Exchange, malformed};
use crate::problem::MAX_ANSWER_BYTES;
use crate::query::ListQuery;
use crate::read::unavailable;

use merge::{Merged, Merging};

/// Bytes of a page that are not its items: the cursor, and the braces.
pub(crate) const ENVELOPE_BYTES: usize = 10_000;

/// Partitions that one list asks at the same time.
const AT_ONCE: usize = 16;

/// A page, as the client gets it.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<Next>,
}

/// Where the page after goes on.
pub(crate) struct Next {
    pub(crate) cursor: String,
    pub(crate) href: String,
}

/// The page that was asked for.
pub(crate) async fn page<S: Store>(
    store: &S,
    exchange: &Exchange<'_>,
    caller: &Caller,
    declaration: &Declaration,
    query: &ListQuery<'_>,
) -> Result<Page, Problem> {
    if let Some((unique, values)) = &query.unique {
        return held(store, caller, declaration, query, unique, values).await;
    }
    let after = match &query.cursor {
        None => None,
        Some(text) => Some(resume(text, caller, declaration, query)?),
    };
    let partitions = partitions(caller, declaration, query);
    let (after, limit) = (after.as_deref(), query.limit);
    let looked = partitions
        .into_iter()
        .map(|each| async move { store.list(&each, after, limit).await });
    let mut pages = stream::iter(looked).buffer_unordered(AT_ONCE);
    let mut merging = Merging::of(limit);
    while let Some(page) = pages.try_next().await.map_err(unavailable)? {
        merging.add(page, |resource| {
            lifecycle::may_read(declaration, caller, resource)
        });
    }
    let (items, resume) = within_size(declaration, merging.end());
    let next = resume.map(|after| next(exchange, caller, declaration, query, after));
    Ok(Page { items, next })
}

fn resume(
    text: &str,
    caller: &Caller,
    declaration: &Declaration,
    query: &ListQuery<'_>,
) -> Result<String, Problem> {
    let state = query.state.as_deref();
    Cursor::read(text)
        .filter(|cursor| cursor.fits(&caller.tenant, &declaration.name, state))
        .filter(|cursor| is_possible_id(&cursor.after))
        .map(|cursor| cursor.after)
        .ok_or_else(|| bad_cursor("list"))
}

/// The problem of a cursor that was not given for what it is sent with.
pub(crate) fn bad_cursor(of: &str) -> Problem {
    malformed(vec![Fault {
        at: Place::Parameter("cursor".to_owned()),
        detail: format!("must be the `next` of a page of this very {of}"),
        keyword: None,
    }])
}

/// Every partition that may hold what is asked for.
fn partitions(caller: &Caller, declaration: &Declaration, query: &ListQuery<'_>) -> Vec<Partition> {
    let states: Vec<Option<String>> = match (&query.state, &declaration.states) {
        (Some(state), _) => vec![Some(state.clone())],
        (None, Some(states)) => states.all.iter().cloned().map(Some).collect(),
        (None, None) => vec![None],
    };
    let of_state = |state: Option<String>| {
        (0..declaration.shards).map(move |shard| Partition {
            tenant: caller.tenant.clone(),
            type_name: declaration.name.clone(),
            state: state.clone(),
            shard,
        })
    };
    states.into_iter().flat_map(of_state).collect()
}

/// The items that fit an answer, and behind which id the next page goes on.
fn within_size(declaration: &Declaration, merged: Merged) -> (Vec<Value>, Option<String>) {
    let mut items = Vec::new();
    let mut left = MAX_ANSWER_BYTES - ENVELOPE_BYTES;
    let mut last = None;
    for (id, resource) in &merged.resources {
        let item = Value::Object(representation(declaration, id, resource).document());
        let bytes = sent_bytes_of(&item) + 1;
        if bytes > left {
            return (items, last);
        }
        left -= bytes;
        items.push(item);
        last = Some(id.clone());
    }
    (items, merged.resume)
}

fn next(
    exchange: &Exchange<'_>,
    caller: &Caller,
    declaration: &Declaration,
    query: &ListQuery<'_>,
    after: String,
) -> Next {
    let cursor = Cursor {
        tenant: caller.tenant.clone(),
        type_name: declaration.name.clone(),
        state: query.state.clone(),
        after,
    };
    let cursor = cursor.write();
    let mut href = format!(
        "/v1/{}?limit={}&cursor={cursor}",
        declaration.name, query.limit
    );
    if let Some(state) = &query.state {
        href.push_str(&format!("&state={state}"));
    }
    Next {
        cursor,
        href: exchange.href(&href),
    }
}

/// The resource that holds these unique values, by the constraint itself: strongly consistent. Where
/// the constraint holds only while its clauses do, only so long is a resource found by it.
async fn held<S: Store>(
    store: &S,
    caller: &Caller,
    declaration: &Declaration,
    query: &ListQuery<'_>,
    unique: &Unique,
    values: &[Value],
) -> Result<Page, Problem> {
    let nothing = Page {
        items: Vec::new(),
        next: None,
    };
    let looked_for: Vec<Option<&Value>> = values.iter().map(Some).collect();
    let Some(key) = unique_key(&caller.tenant, declaration, unique, &looked_for) else {
        return Ok(nothing);
    };
    let Some(Item::Claim(claim)) = get(store, &key).await? else {
        return Ok(nothing);
    };
    let owner = Key::Resource {
        tenant: caller.tenant.clone(),
        type_name: declaration.name.clone(),
        id: claim.owner.clone(),
    };
    let Some(Item::Resource(resource)) = get(store, &owner).await? else {
        return Ok(nothing);
    };
    // Between the two reads the value may have moved on.
    let holds = held_key(&caller.tenant, declaration, unique, &resource);
    let still = holds.as_ref() == Some(&key);
    let in_state = query.state.is_none() || query.state == resource.state;
    let readable = lifecycle::may_read(declaration, caller, &resource);
    if !still || !in_state || !readable {
        return Ok(nothing);
    }
    let item = Value::Object(representation(declaration, &claim.owner, &resource).document());
    Ok(Page {
        items: vec![item],
        next: None,
    })
}

async fn get<S: Store>(store: &S, key: &Key) -> Result<Option<Item>, Problem> {
    let items = store
        .read(std::slice::from_ref(key))
        .await
        .map_err(unavailable)?;
    Ok(items.into_iter().next().and_then(|(_, item)| item))
}

/// A page's body.
#[derive(Serialize)]
struct Shown<'a> {
    items: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl Page {
    /// The page as a response.
    pub(crate) fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::Empty);
        answer::caching(&mut response);
        if let Some(Next { href, .. }) = &self.next {
            answer::header(&mut response, LINK, &format!("<{href}>; rel=\"next\""));
        }
        let shown = Shown {
            items: &self.items,
            next: self.next.as_ref().map(|next| next.cursor.as_str()),
        };
        answer::json(&mut response, &shown);
        response
    }
}
