//! Part of farcall.
