//! What a request asks for, in the words of the policies that allow it.

use std::fmt::Display;

/// Actions, which are put into words only where somebody listens, and what they are asked of.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    actions: &'a (dyn Display + Sync),
    resource: &'static str,
}

impl<'a> Asked<'a> {
    /// Actions on the table, several separated by spaces.
    pub(crate) fn of_table(actions: &'a (dyn Display + Sync)) -> Self {
        Asked {
            actions,
            resource: "table",
        }
    }

    /// An action on the index, for which the table's permission is not enough.
    pub(crate) fn of_index(actions: &'a (dyn Display + Sync)) -> Self {
        Asked {
            actions,
            resource: "index",
        }
    }

    /// Says it, at the level `DEBUG`, under the target `onlyif::store`: once for each request that is
    /// sent.
    pub(crate) fn tell(self) {
        tracing::debug!(
            target: "onlyif::store",
            actions = %self.actions,
            resource = self.resource,
        );
    }
}
