//! The names of the cases that any server must pass, for a table of each runtime of messages.

/// Hands `file::case` of all of them to a macro.
macro_rules! any_server {
    ($table:ident) => {
        $table! {
            unary::empty_unary,
            unary::large_unary,
            streaming::client_streaming,
            streaming::server_streaming,
            streaming::ping_pong,
            streaming::empty_stream,
            metadata::custom_metadata,
            status::status_code_and_message,
            status::special_status_message,
            status::unimplemented_method,
            status::unimplemented_service,
            cut_off::cancel_after_begin,
            cut_off::cancel_after_first_response,
            cut_off::timeout_on_sleeping_server,
            compression::client_compressed_unary,
            compression::server_compressed_unary,
            compression::client_compressed_streaming,
            compression::server_compressed_streaming,
            compression::gzip_unary,
            compression::gzip_streaming,
            compression::deflate_unary,
            compression::deflate_streaming,
        }
    };
}
pub(crate) use any_server;
