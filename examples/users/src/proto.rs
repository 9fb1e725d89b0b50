//! What `build.rs` made of `proto/users.proto`: `users.v1.User` is `proto::users::v1::User`.

farcall_protobuf::include_proto!();
