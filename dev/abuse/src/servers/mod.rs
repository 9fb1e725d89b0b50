//! Attacks of servers on a client: every budget protects both roles.

mod connections;
mod floods;
mod lists;
mod replies;

use crate::attack::Attack;

/// All of them.
pub(crate) fn all() -> Vec<Attack> {
    [floods::attacks(), lists::attacks(), replies::attacks(), connections::attacks()].into_iter().flatten().collect()
}
