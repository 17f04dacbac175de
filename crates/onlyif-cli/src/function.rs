//! The functions that are deployed.

/// One of the deployed functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `functions/create`
    Create,
    /// `functions/read`
    Read,
    /// `functions/update`
    Update,
    /// `functions/transition`
    Transition,
    /// `functions/delete`
    Delete,
    /// `functions/lease`
    Lease,
    /// `functions/describe`
    Describe,
    /// `functions/history`
    History,
    /// `functions/transact`
    Transact,
}

impl Function {
    /// The function that this binary is, as the template names it.
    pub fn of_binary(name: &str) -> Option<Self> {
        Some(match name {
            "onlyif-create" => Function::Create,
            "onlyif-read" => Function::Read,
            "onlyif-update" => Function::Update,
            "onlyif-transition" => Function::Transition,
            "onlyif-delete" => Function::Delete,
            "onlyif-lease" => Function::Lease,
            "onlyif-describe" => Function::Describe,
            "onlyif-history" => Function::History,
            "onlyif-transact" => Function::Transact,
            _ => return None,
        })
    }
}
