//! Histories: pages of what the versions of one resource changed, newest first.

use lambda_http::{Body, Response};
use onlyif::document::patch::Patch;
use onlyif::document::sent_bytes_of;
use onlyif::history::{Archive, Entries, Entry, Life};
use onlyif::item::Item;
use onlyif::lifecycle;
use onlyif::problem::Problem;
use onlyif::store::Store;
use onlyif::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::answer;
use crate::app::App;
use crate::cursor::HistoryCursor;
use crate::exchange::Exchange;
use crate::list::{self, ENVELOPE_BYTES, Next, Page};
use crate::problem::MAX_ANSWER_BYTES;
use crate::query::{self, HistoryQuery};
use crate::read::{Target, look, not_found, target, unavailable};

/// `GET` and `HEAD` of `/v1/{type}/{id}/history`.
pub async fn page<S: Store + Archive>(app: &App<S>, exchange: &Exchange<'_>) -> Response<Body> {
    let query = query::history(exchange);
    let faults = query.as_ref().err().cloned().unwrap_or_default();
    let target = match target(exchange, faults) {
        Ok(target) => target,
        Err(problem) => return answer::refused(exchange, &problem),
    };
    let query = query.unwrap_or_default();
    let page = read(&exchange.store(app), exchange, &target, &query).await;
    target.finish(exchange, page.map(|page| page.response()))
}

async fn read<S: Store + Archive>(
    store: &S,
    exchange: &Exchange<'_>,
    target: &Target<'_>,
    query: &HistoryQuery,
) -> Result<Page, Problem> {
    let life = life(store, exchange, target).await?;
    let before = match &query.cursor {
        None => None,
        Some(text) => Some(resume(text, target, &life)?),
    };
    let entries = store.entries(&life, before, query.limit).await;
    let entries = entries.map_err(unavailable)?;
    let (items, before) = within_size(entries, exchange.at);
    let next = before.map(|before| next(exchange, target, query, &life, before));
    Ok(Page { items, next })
}

/// The life that is shown: of the resource that is there, or of the one that has left its tombstone.
async fn life<S: Store>(
    store: &S,
    exchange: &Exchange<'_>,
    target: &Target<'_>,
) -> Result<Life, Problem> {
    let (declaration, caller) = (target.declaration, &target.command.caller);
    let may_read = |created_by| lifecycle::may_read_of(declaration, caller, created_by);
    match look(store, target).await? {
        Some(Item::Resource(resource)) if may_read(Some(&resource.created_by)) => {
            Ok(Life::of(target.command.key(), &resource))
        }
        Some(Item::Tombstone(tombstone))
            if tombstone.expires_at_s > exchange.at.seconds()
                && may_read(tombstone.created_by.as_deref()) =>
        {
            Ok(Life::before(target.command.key(), &tombstone))
        }
        _ => Err(not_found(target.declaration, &target.command.id)),
    }
}

/// The version that the page before ended with. A cursor that was given for an earlier incarnation
/// says nothing of this one.
fn resume(text: &str, target: &Target<'_>, life: &Life) -> Result<u64, Problem> {
    HistoryCursor::read(text)
        .filter(|given| *given == cursor(target, life, given.before))
        .map(|given| given.before)
        .ok_or_else(|| list::bad_cursor("history, which has not begun anew since"))
}

fn cursor(target: &Target<'_>, life: &Life, before: u64) -> HistoryCursor {
    HistoryCursor {
        tenant: target.command.caller.tenant.clone(),
        type_name: target.declaration.name.clone(),
        id: target.command.id.clone(),
        incarnation: life.incarnation.clone(),
        before,
    }
}

/// The entries that have not expired and that fit an answer, and before which version the next page
/// goes on.
fn within_size(page: Entries, at: Timestamp) -> (Vec<Value>, Option<u64>) {
    let mut items = Vec::new();
    let mut left = MAX_ANSWER_BYTES - ENVELOPE_BYTES;
    let mut last = None;
    for entry in &page.entries {
        if entry.expires_at_s > at.seconds() {
            let item = shown(entry);
            let bytes = sent_bytes_of(&item) + 1;
            if bytes > left {
                return (items, last);
            }
            left -= bytes;
            items.push(item);
        }
        last = Some(entry.version);
    }
    (items, last.filter(|_| page.more))
}

fn shown(entry: &Entry) -> Value {
    json!({
        "version": entry.version,
        "by": entry.by,
        "at": entry.at.to_string(),
        "operation": entry.operation,
        "changes": Patch::Json(entry.changes.steps()).to_value(),
    })
}

fn next(
    exchange: &Exchange<'_>,
    target: &Target<'_>,
    query: &HistoryQuery,
    life: &Life,
    before: u64,
) -> Next {
    let cursor = cursor(target, life, before).write();
    let href = format!(
        "/v1/{}/{}/history?limit={}&cursor={cursor}",
        target.declaration.name, target.command.id, query.limit
    );
    Next {
        cursor,
        href: exchange.href(&href),
    }
}
