//! A store of a few fixed items, for the requests that the catalogue's examples come from.

use std::time::Duration;

use onlyif::item::{Item, Key, Partition};
use onlyif::plan::Plan;
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;

/// Items that can be looked at, and a fate for every write.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    pub items: Vec<(Key, Item)>,
    pub fate: Fate,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Fate {
    /// Its conditions do not hold.
    #[default]
    Refused,
    /// Others are in the way.
    Contended,
    /// Nobody can say; and then the store falls silent.
    Lost,
    /// The store does not do its work.
    Failed(Failure),
}

impl Shelf {
    fn look(&self, key: &Key) -> (Key, Option<Item>) {
        let found = self.items.iter().find(|(held, _)| held == key);
        (key.clone(), found.map(|(_, item)| item.clone()))
    }
}

impl Store for Shelf {
    fn within(&self, _budget: Duration) -> Self {
        self.clone()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        match self.fate {
            Fate::Lost => Err(Failure::OutOfTime),
            _ => Ok(keys.iter().map(|key| self.look(key)).collect()),
        }
    }

    async fn write(&self, plan: &Plan) -> Written {
        match self.fate {
            Fate::Refused => {
                let keys = plan.writes.iter().map(|write| &write.key);
                Written::Refused(keys.map(|key| self.look(key)).collect())
            }
            Fate::Contended => Written::Contended,
            Fate::Lost => Written::Unknown,
            Fate::Failed(failure) => Written::Failed(failure),
        }
    }

    async fn list(
        &self,
        _partition: &Partition,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Page, Failure> {
        Ok(Page::default())
    }
}
