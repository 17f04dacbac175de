//! A slot of a room is one booking's, while that booking stands.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Reply, rivals};

const CLIENTS: usize = 16;

fn at(slot: &str) -> Value {
    json!({"room": "oak", "slot": slot})
}

const NINE: &str = "2026-12-01T09:00Z";
const TEN: &str = "2026-12-01T10:00Z";

/// What finds the booking of a slot.
async fn booked(api: &Api, slot: &str) -> Vec<String> {
    let path = format!("/v1/bookings?room=oak&slot={slot}");
    api.carol().get(&path).await.is(200).ids()
}

#[track_caller]
fn is_taken_by(reply: Reply, id: &str, slot: &str) -> Reply {
    let refused = reply.refused(409, "duplicate");
    let href = format!("/v1/bookings/{id}");
    assert_eq!(
        *refused.conflict("duplicate"),
        json!({
            "code": "duplicate",
            "constraint": "slot-of-room",
            "fields": [{"pointer": "/room", "value": "oak"}, {"pointer": "/slot", "value": slot}],
            "holder": href,
        })
    );
    assert_eq!(refused.resolution("read-holder")["href"], href);
    refused
}

#[tokio::test]
async fn a_slot_booked_by_two_is_the_firsts_and_the_seconds_after_a_cancellation() {
    let api = Api::of_examples().await;
    let (alice, bob) = (api.alice(), api.bob());
    alice.create("/v1/bookings/a", at(NINE)).await.is(201);
    let refused = bob.create("/v1/bookings/b", at(NINE)).await;
    let refused = is_taken_by(refused, "a", NINE);
    assert_eq!(
        refused["detail"],
        format!("/room \"oak\" with /slot \"{NINE}\" is taken by bookings/a.")
    );
    let holder = bob.follow(refused.resolution("read-holder")).await.is(200);
    assert_eq!(holder["createdBy"], "alice");
    // Another room, or another slot, is another value.
    let elm = json!({"room": "elm", "slot": NINE});
    bob.create("/v1/bookings/elm", elm).await.is(201);

    alice
        .post("/v1/bookings/a/transitions/confirm", ())
        .await
        .is(200);
    is_taken_by(bob.create("/v1/bookings/b", at(NINE)).await, "a", NINE);
    alice
        .post("/v1/bookings/a/transitions/cancel", ())
        .await
        .is(200);
    assert!(booked(&api, NINE).await.is_empty(), "cancelled, not found");
    bob.create("/v1/bookings/b", at(NINE)).await.is(201);
    assert_eq!(booked(&api, NINE).await, ["b"]);
    // Alice thinks better of it, too late.
    let restore = alice.post("/v1/bookings/a/transitions/restore", ());
    let refused = is_taken_by(restore.clone().await, "b", NINE);
    assert_eq!(refused["current"]["state"], "cancelled");
    // Deleting what holds nothing frees nothing of others.
    alice.delete("/v1/bookings/a").if_any().await.is(204);
    assert_eq!(booked(&api, NINE).await, ["b"]);
    restore.await.refused(410, "gone");
}

#[tokio::test]
async fn a_booking_that_moves_frees_its_slot_and_one_that_is_over_holds_none() {
    let api = Api::of_examples().await;
    let (alice, bob) = (api.alice(), api.bob());
    alice.create("/v1/bookings/a", at(NINE)).await.is(201);
    bob.create("/v1/bookings/b", at(TEN)).await.is(201);
    let move_to = |slot: &str| {
        let change = json!({"slot": slot});
        alice.patch("/v1/bookings/a", change).if_any()
    };
    let refused = is_taken_by(move_to(TEN).await, "b", TEN);
    assert_eq!(refused.rels(), ["read-holder"]);
    for step in ["confirm", "finish"] {
        bob.post(&format!("/v1/bookings/b/transitions/{step}"), ())
            .await
            .is(200);
    }
    move_to(TEN).await.is(200);
    assert_eq!(booked(&api, TEN).await, ["a"]);
    assert!(booked(&api, NINE).await.is_empty());
    // Both are there; one of them holds the slot.
    let done = api.carol().get("/v1/bookings?state=done").await.is(200);
    assert_eq!(done.ids(), ["b"]);
    api.carol()
        .get("/v1/bookings?room=oak")
        .await
        .refused(400, "malformed-request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_book_restore_and_cancel_one_slot_at_once_one_has_it_at_any_time() {
    let api = Api::of_examples().await;
    let mut guests = JoinSet::new();
    for n in 0..rivals(CLIENTS) {
        let guest = api.bearer(&format!("guest-{n}"));
        guests.spawn(async move {
            let path = format!("/v1/bookings/g-{n}");
            let by_another = |reply: &Reply| reply.conflict("duplicate")["holder"] != path.as_str();
            let mut held = 0;
            let mut there = false;
            for _ in 0..4 {
                let take = if there {
                    guest.post(&format!("{path}/transitions/restore"), ())
                } else {
                    guest.create(&path, at(NINE))
                };
                let reply = take.await;
                if reply.status == 409 {
                    let refused = reply.refused(409, "duplicate");
                    assert!(
                        by_another(&refused),
                        "nobody is in its own way: {refused:?}"
                    );
                    continue;
                }
                assert!(reply.status < 300, "{reply:?}");
                (there, held) = (true, held + 1);
                // Whoever looks meanwhile finds this one, and nobody else.
                let found = guest.get(&format!("/v1/bookings?room=oak&slot={NINE}"));
                assert_eq!(found.await.is(200).ids(), [format!("g-{n}")]);
                let cancel = guest.post(&format!("{path}/transitions/cancel"), ());
                cancel.await.is(200);
            }
            held
        });
    }
    let held: usize = guests.join_all().await.into_iter().sum();
    assert!(held > 0);
    assert!(booked(&api, NINE).await.is_empty(), "all have cancelled");
    api.alice()
        .create("/v1/bookings/last", at(NINE))
        .await
        .is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_book_one_slot_at_once_one_gets_it() {
    let api = Api::of_examples().await;
    let mut guests = JoinSet::new();
    for n in 0..rivals(CLIENTS) {
        let guest = api.bearer(&format!("guest-{n}"));
        guests.spawn(async move { guest.post("/v1/bookings", at(NINE)).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = guests
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, rivals(CLIENTS) - 1));
    let id = won[0]["id"].as_str().unwrap();
    for reply in lost {
        is_taken_by(reply, id, NINE);
    }
    assert_eq!(booked(&api, NINE).await, [id]);
}
