//! Commands running side by side over one table and an unreliable network.

use onlyif::answer::Answer;
use onlyif::command::{Caller, Command, Operation, Preconditions, Scopes};
use onlyif::decide::{Decision, decide};
use onlyif::declaration::{Declarations, SourceFile};
use onlyif::document::Document;
use onlyif::item::Key;
use onlyif::plan::Plan;
use onlyif::run::MAX_ROUNDS;
use onlyif::store::Written;
use onlyif::timestamp::Timestamp;
use onlyif::view::View;

use serde_json::Value;

use super::Model;

/// What happens to one write on its way to the store and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It arrives, and so does its reply.
    Plain,
    /// It arrives; its reply does not.
    ReplyLost,
    /// It arrives after its author has given up on it.
    Late,
    /// It arrives twice; the second reply is the one that is heard.
    Twice,
    /// It is applied, and its reply arrives; later it arrives once more.
    Again,
}

impl Delivery {
    /// Every way.
    pub(crate) const ALL: [Delivery; 5] = [
        Delivery::Plain,
        Delivery::ReplyLost,
        Delivery::Late,
        Delivery::Twice,
        Delivery::Again,
    ];
}

/// One command on its way through the loop.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// What is asked.
    pub(crate) command: Command,
    /// The answer, once there is one. `None` while running, or where the loop gave up.
    pub(crate) answer: Option<Answer>,
    view: View,
    rounds: usize,
}

impl Process {
    fn is_running(&self) -> bool {
        self.answer.is_none() && self.rounds < MAX_ROUNDS
    }
}

/// A table, the commands that run on it, and the writes that are still on their way.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The table.
    pub(crate) table: Model,
    /// The commands.
    pub(crate) processes: Vec<Process>,
    late: Vec<Plan>,
}

impl World {
    /// A table on which these commands are about to run.
    pub(crate) fn new(table: Model, commands: impl IntoIterator<Item = Command>) -> Self {
        let process = |command| Process {
            command,
            answer: None,
            view: View::default(),
            rounds: 0,
        };
        World {
            table,
            processes: commands.into_iter().map(process).collect(),
            late: Vec::new(),
        }
    }

    /// The commands that can take a step, by their index.
    pub(crate) fn running(&self) -> Vec<usize> {
        (0..self.processes.len())
            .filter(|index| self.processes[*index].is_running())
            .collect()
    }

    /// How many writes are still on their way.
    pub(crate) fn late(&self) -> usize {
        self.late.len()
    }

    /// One of the writes on their way arrives; nobody hears its reply.
    pub(crate) fn arrive(&mut self, index: usize) {
        let plan = self.late.remove(index);
        self.table.write(&plan);
    }

    /// One command decides, and does what it decided. Says whether it wrote.
    pub(crate) fn step(
        &mut self,
        declarations: &Declarations,
        index: usize,
        delivery: Delivery,
    ) -> bool {
        let process = &mut self.processes[index];
        process.rounds += 1;
        let keys: Vec<Key> = match decide(declarations, &process.command, &process.view) {
            Decision::Answer(answer) => {
                process.answer = Some(*answer);
                return false;
            }
            Decision::Read(keys) => keys,
            Decision::Write(plan) => {
                process.view.sent(&plan);
                let written = match delivery {
                    Delivery::Late => {
                        self.late.push((*plan).clone());
                        Written::Unknown
                    }
                    Delivery::Plain => self.table.write(&plan),
                    Delivery::ReplyLost => {
                        self.table.write(&plan);
                        Written::Unknown
                    }
                    Delivery::Twice => {
                        self.table.write(&plan);
                        self.table.write(&plan)
                    }
                    Delivery::Again => {
                        let written = self.table.write(&plan);
                        // A copy of what was refused leaves no trace to know it by.
                        if matches!(written, Written::Done(_)) {
                            self.late.push((*plan).clone());
                        }
                        written
                    }
                };
                process.hear(&plan, written);
                if !process.view.in_doubt() || process.answer.is_some() {
                    return true;
                }
                plan.writes.iter().map(|write| write.key.clone()).collect()
            }
        };
        for key in keys {
            let item = self.table.get(&key);
            process.view.learn(key, item);
        }
        true
    }

    /// A step or a late arrival, every third step over a bad network; `None` at the end.
    pub(crate) fn step_at_random(
        &mut self,
        declarations: &Declarations,
        random: &mut Random,
    ) -> Option<()> {
        let running = self.running();
        let choices = running.len() + self.late();
        if choices == 0 {
            return None;
        }
        match random.below(choices) {
            choice if choice < running.len() => {
                let faulty = random.below(3) == 0;
                let delivery = Delivery::ALL[if faulty { random.below(5) } else { 0 }];
                self.step(declarations, running[choice], delivery);
            }
            choice => self.arrive(choice - running.len()),
        }
        Some(())
    }

    /// Runs one command to its end, undisturbed.
    pub(crate) fn run(
        table: Model,
        declarations: &Declarations,
        command: Command,
    ) -> (Model, Answer) {
        let mut world = World::new(table, [command]);
        while !world.running().is_empty() {
            world.step(declarations, 0, Delivery::Plain);
        }
        let answer = world.processes.remove(0).answer.expect("an answer");
        (world.table, answer)
    }
}

impl Process {
    fn hear(&mut self, plan: &Plan, written: Written) {
        match written {
            Written::Done(image) => {
                self.answer = onlyif::decide::written(&self.command, plan, image);
                assert!(self.answer.is_some(), "an image comes back: {plan:?}");
            }
            Written::Refused(items) => {
                self.view.refused(plan, items);
            }
            Written::TooMuch => self.view.overflow(),
            Written::Unknown => self.view.doubt(),
            Written::Contended | Written::Failed(_) => unreachable!("the model never says so"),
        }
    }
}

/// The declarations in these files of YAML.
pub(crate) fn declare(files: &[(&str, &str)]) -> Declarations {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(name, text)| SourceFile {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    Declarations::parse(&files).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// A command of an all-powerful caller. The `nth` is received a millisecond after the one before.
pub(crate) fn command(
    nth: i64,
    actor: &str,
    type_name: &str,
    id: &str,
    operation: Operation,
) -> Command {
    Command {
        caller: Caller {
            actor: actor.to_owned(),
            tenant: "-".to_owned(),
            scopes: Scopes::Every,
        },
        request_id: format!("request-{nth}"),
        at: Timestamp::from_millis(1_800_000_000_000 + nth),
        type_name: type_name.to_owned(),
        id: id.to_owned(),
        operation,
        faults: Vec::new(),
        preconditions: Preconditions::default(),
        stale: None,
        idempotency: None,
        dry_run: false,
    }
}

/// Every interleaving of the world's commands, with at most so many deliveries that are not plain.
/// Late writes arrive at any later moment. Returns how many ends were checked.
pub(crate) fn explore(
    declarations: &Declarations,
    world: &World,
    faults: usize,
    check: &impl Fn(&World),
) -> usize {
    let running = world.running();
    let mut ends = 0;
    if running.is_empty() && world.late() == 0 {
        check(world);
        return 1;
    }
    for index in 0..world.late() {
        let mut next = world.clone();
        next.arrive(index);
        ends += explore(declarations, &next, faults, check);
    }
    for index in running {
        for delivery in Delivery::ALL {
            if delivery != Delivery::Plain && faults == 0 {
                continue;
            }
            let mut next = world.clone();
            let before = next.table.clone();
            let wrote = next.step(declarations, index, delivery);
            // Where nothing was sent the delivery makes no difference.
            if delivery != Delivery::Plain
                && (!wrote || (next.table == before && next.late() == world.late()))
            {
                continue;
            }
            let left = faults - usize::from(delivery != Delivery::Plain);
            ends += explore(declarations, &next, left, check);
        }
    }
    ends
}

/// A JSON object, as the members that it has.
pub(crate) fn object(value: Value) -> Document {
    value.as_object().expect("an object").clone()
}

/// A small generator of reproducible choices (an xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let mut x = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0 = self.0.wrapping_add(0x632b_e59b_d9b4_e019) ^ x;
        usize::try_from(x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or(0) % limit
    }
}
