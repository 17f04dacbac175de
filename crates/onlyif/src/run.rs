//! The one loop: every write, of every function.

use crate::answer::Answer;
use crate::command::Command;
use crate::decide::{self, Decision, decide};
use crate::declaration::Declarations;
use crate::store::{Failure, Store, Written};
use crate::view::View;

/// Decisions before the loop gives up with `contention`.
pub const MAX_ROUNDS: usize = 8;

/// Decides and writes until the command has happened, or something stands against it.
///
/// The store keeps to the invocation's deadline (see [`Store::within`]); the loop ends with it.
pub async fn run(declarations: &Declarations, command: &Command, store: &impl Store) -> Answer {
    let mut view = View::default();
    for _ in 0..MAX_ROUNDS {
        let keys = match decide(declarations, command, &view) {
            Decision::Answer(answer) => return *answer,
            Decision::Read(keys) => keys,
            Decision::Write(plan) => {
                view.sent(&plan);
                match store.write(&plan).await {
                    Written::Done(image) => match decide::written(command, &plan, image) {
                        Some(answer) => return answer,
                        None => view.doubt(),
                    },
                    Written::Unknown => view.doubt(),
                    Written::Refused(items) => {
                        view.looked(store.now());
                        view.refused(&plan, items);
                        continue;
                    }
                    Written::TooMuch => {
                        view.overflow();
                        continue;
                    }
                    Written::Contended => break,
                    Written::Failed(failure) => {
                        return refused(declarations, command, &view, failure);
                    }
                }
                plan.writes.iter().map(|write| write.key.clone()).collect()
            }
        };
        match store.read(&keys).await {
            Ok(items) => {
                view.looked(store.now());
                items
                    .into_iter()
                    .for_each(|(key, item)| view.learn(key, item));
            }
            Err(failure) => return refused(declarations, command, &view, failure),
        }
    }
    Answer::Refused(decide::contended(declarations, command, &view))
}

fn refused(
    declarations: &Declarations,
    command: &Command,
    view: &View,
    failure: Failure,
) -> Answer {
    Answer::Refused(decide::failed(declarations, command, view, failure))
}
