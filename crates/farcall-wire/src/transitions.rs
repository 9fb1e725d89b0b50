//! Writes the arrows of a state machine as a table: one line an arrow, no arrow anywhere else.

/// Declares `next`, which follows an arrow or finds none, and `ARROWS`, which a snapshot test prints.
macro_rules! transitions {
    ($state:ident on $input:ident { $($from:ident + $what:ident => $to:ident;)+ }) => {
        impl $state {
            /// Every arrow: from, input, to.
            pub const ARROWS: &'static [($state, $input, $state)] =
                &[$(($state::$from, $input::$what, $state::$to)),+];

            /// Where `input` leads from here; `None` where no arrow stands.
            pub const fn next(self, input: $input) -> Option<$state> {
                match (self, input) {
                    $(($state::$from, $input::$what) => Some($state::$to),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use transitions;
