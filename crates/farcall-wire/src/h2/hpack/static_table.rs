//! The static table as data, and the index of a name in it.
//!
//! Nothing dynamic here. The law is RFC 7541 Appendix A.

/// Entries in all; the first index of the dynamic table is one above.
pub(super) const COUNT: usize = 61;

/// Name and value.
pub(super) type Field = (&'static [u8], &'static [u8]);

/// The field at `index`, which counts from 1.
#[inline]
pub(super) fn field(index: usize) -> Option<Field> {
    FIELDS.get(index.checked_sub(1)?).copied()
}

/// The first index of `name`.
#[inline]
pub(super) fn find_name(name: &[u8]) -> Option<usize> {
    let (&first, &last, &middle) = (name.first()?, name.last()?, name.get(name.len() / 2)?);
    let index = usize::from(*INDEX_BY_SLOT.get(slot(name.len(), first, last, middle))?);
    (field(index)?.0 == name).then_some(index)
}

/// The index of the field, given the first index of its name.
#[inline]
pub(super) fn find_value(name: usize, value: &[u8]) -> Option<usize> {
    let (known, first) = field(name)?;
    if first == value {
        return Some(name);
    }
    // Fields of one name stand together.
    let others = FIELDS.iter().enumerate().skip(name).take_while(|(_, field)| field.0 == known);
    others.into_iter().find(|(_, field)| field.1 == value).map(|(place, _)| place + 1)
}

/// A hash without collisions among the names of the table; the factors were found by trying.
const fn slot(length: usize, first: u8, last: u8, middle: u8) -> usize {
    (length * 17 + first as usize * 43 + last as usize * 25 + middle as usize * 30) % SLOTS
}

const SLOTS: usize = 128;

/// The first index of the name that hashes to a slot, or 0.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time: a wrong index does not build")]
static INDEX_BY_SLOT: [u8; SLOTS] = {
    let mut slots = [0; SLOTS];
    let mut used = 0;
    let mut index = COUNT;
    // From the end, so that the first of several fields of a name stays.
    while index > 0 {
        let name = FIELDS[index - 1].0;
        let at = slot(name.len(), name[0], name[name.len() - 1], name[name.len() / 2]);
        used += (slots[at] == 0) as usize;
        slots[at] = index as u8;
        index -= 1;
    }
    assert!(used == 52, "each of the 52 names has its own slot");
    slots
};

static FIELDS: [Field; COUNT] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_at_its_index() {
        for (place, (name, value)) in FIELDS.iter().enumerate() {
            let first = find_name(name).expect("a known name");
            assert!(first <= place + 1);
            assert_eq!(find_value(first, value), Some(place + 1));
            assert_eq!(field(place + 1), Some((*name, *value)));
        }
    }

    #[test]
    fn known_indexes_hold() {
        assert_eq!(find_name(b":status"), Some(8));
        assert_eq!(find_value(8, b"500"), Some(14));
        assert_eq!(find_value(2, b"POST"), Some(3));
        assert_eq!(find_name(b"content-type"), Some(31));
        assert_eq!(find_name(b"www-authenticate"), Some(61));
    }

    #[test]
    fn unknown_names_and_values_are_not_found() {
        for name in [&b""[..], b"x", b":statut", b"grpc-timeout", b"te", b":Status", b"content-typ"] {
            assert_eq!(find_name(name), None);
        }
        assert_eq!(find_value(8, b"201"), None);
        assert_eq!(find_value(61, b"basic"), None);
        assert_eq!(find_value(31, b"application/grpc"), None);
    }

    #[test]
    fn index_zero_and_those_above_the_table_name_nothing() {
        assert_eq!(field(0), None);
        assert_eq!(field(COUNT + 1), None);
        assert_eq!(field(usize::MAX), None);
    }
}
