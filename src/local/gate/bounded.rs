//! Memory that does not grow with what is asked for.

use std::collections::HashMap;

use time::OffsetDateTime;

/// Makes room for one more by forgetting the entry that is oldest by `age`.
pub(super) fn bound<K: Clone + Eq + std::hash::Hash, V>(
    map: &mut HashMap<K, V>,
    limit: usize,
    age: impl Fn(&V) -> OffsetDateTime,
) {
    if map.len() < limit {
        return;
    }
    let oldest = map.iter().min_by_key(|(_, value)| age(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        map.remove(&oldest);
    }
}
