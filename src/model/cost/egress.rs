//! What leaves AWS for the internet, by Region.

/// Egress to the internet, US dollars a GB, first tier; by Region where it is not the usual price.
const EGRESS_USUAL: f64 = 0.09;
const EGRESS: [(&str, f64); 16] = [
    ("af-south-1", 0.154),
    ("ap-east-1", 0.12),
    ("ap-northeast-1", 0.114),
    ("ap-northeast-2", 0.126),
    ("ap-northeast-3", 0.114),
    ("ap-south-1", 0.1093),
    ("ap-south-2", 0.1093),
    ("ap-southeast-1", 0.12),
    ("ap-southeast-2", 0.114),
    ("ap-southeast-3", 0.132),
    ("ap-southeast-4", 0.114),
    ("il-central-1", 0.11),
    ("me-central-1", 0.11),
    ("me-south-1", 0.117),
    ("mx-central-1", 0.09),
    ("sa-east-1", 0.15),
];

/// US dollars a GB.
pub fn egress_per_gb(region: &str) -> f64 {
    EGRESS.iter().find(|(name, _)| *name == region).map_or(EGRESS_USUAL, |(_, price)| *price)
}
