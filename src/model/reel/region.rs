//! The Regions that Lambda is offered in, with the long names AWS gives them. Data, not advice: an account may have to
//! opt in to some, and AWS adds new ones, so a Region that is not listed is taken as typed.

/// A Region of the `aws` partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// As in ARNs and endpoints.
    pub id: &'static str,
    /// As in AWS's own lists.
    pub name: &'static str,
}

/// Where a reel goes when neither the person nor the profile names a Region.
pub const DEFAULT: &str = "us-east-1";

/// What is said of a text that is no Region's name.
pub const NO_NAME: &str = "not the name of a Region, such as eu-west-1";

/// Whether AWS could name a Region so, one that is listed here or one to come. Region names become labels of hosts
/// (RFC 1123: at most 63 letters, digits and inner hyphens).
pub fn is_name(text: &str) -> bool {
    let is_label = text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    is_label && text.starts_with(|first: char| first.is_ascii_alphabetic()) && !text.ends_with('-') && text.len() <= 63
}

/// By continent, then by name, as AWS's console sorts them.
pub const REGIONS: &[Region] = &[
    Region { id: "us-east-1", name: "US East (N. Virginia)" },
    Region { id: "us-east-2", name: "US East (Ohio)" },
    Region { id: "us-west-1", name: "US West (N. California)" },
    Region { id: "us-west-2", name: "US West (Oregon)" },
    Region { id: "af-south-1", name: "Africa (Cape Town)" },
    Region { id: "ap-east-1", name: "Asia Pacific (Hong Kong)" },
    Region { id: "ap-east-2", name: "Asia Pacific (Taipei)" },
    Region { id: "ap-south-1", name: "Asia Pacific (Mumbai)" },
    Region { id: "ap-south-2", name: "Asia Pacific (Hyderabad)" },
    Region { id: "ap-southeast-1", name: "Asia Pacific (Singapore)" },
    Region { id: "ap-southeast-2", name: "Asia Pacific (Sydney)" },
    Region { id: "ap-southeast-3", name: "Asia Pacific (Jakarta)" },
    Region { id: "ap-southeast-4", name: "Asia Pacific (Melbourne)" },
    Region { id: "ap-southeast-5", name: "Asia Pacific (Malaysia)" },
    Region { id: "ap-southeast-6", name: "Asia Pacific (New Zealand)" },
    Region { id: "ap-southeast-7", name: "Asia Pacific (Thailand)" },
    Region { id: "ap-northeast-1", name: "Asia Pacific (Tokyo)" },
    Region { id: "ap-northeast-2", name: "Asia Pacific (Seoul)" },
    Region { id: "ap-northeast-3", name: "Asia Pacific (Osaka)" },
    Region { id: "ca-central-1", name: "Canada (Central)" },
    Region { id: "ca-west-1", name: "Canada West (Calgary)" },
    Region { id: "eu-central-1", name: "Europe (Frankfurt)" },
    Region { id: "eu-central-2", name: "Europe (Zurich)" },
    Region { id: "eu-west-1", name: "Europe (Ireland)" },
    Region { id: "eu-west-2", name: "Europe (London)" },
    Region { id: "eu-west-3", name: "Europe (Paris)" },
    Region { id: "eu-north-1", name: "Europe (Stockholm)" },
    Region { id: "eu-south-1", name: "Europe (Milan)" },
    Region { id: "eu-south-2", name: "Europe (Spain)" },
    Region { id: "il-central-1", name: "Israel (Tel Aviv)" },
    Region { id: "me-central-1", name: "Middle East (UAE)" },
    Region { id: "me-south-1", name: "Middle East (Bahrain)" },
    Region { id: "mx-central-1", name: "Mexico (Central)" },
    Region { id: "sa-east-1", name: "South America (São Paulo)" },
];

/// The long name of a Region, if it is one of [`REGIONS`].
pub fn long_name(id: &str) -> Option<&'static str> {
    REGIONS.iter().find(|region| region.id == id).map(|region| region.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn regions_are_named_once_and_can_be_found() {
        let ids: BTreeSet<_> = REGIONS.iter().map(|region| region.id).collect();
        let names: BTreeSet<_> = REGIONS.iter().map(|region| region.name).collect();
        assert_eq!((ids.len(), names.len()), (REGIONS.len(), REGIONS.len()));
        assert_eq!(long_name(DEFAULT), Some("US East (N. Virginia)"));
        assert_eq!(long_name("us-east-9"), None);
    }

    #[test]
    fn a_region_s_name_is_one_that_a_host_can_have() {
        assert!(REGIONS.iter().all(|region| is_name(region.id)) && is_name("us-iso-east-1") && is_name("local"));
        for wrong in ["", "x y", "-", "eu-", "-eu", "1-eu", "eu_west_1", "eu.west", "süd-1", &"a".repeat(64)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
