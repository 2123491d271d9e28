//! Whatever is pressed, whatever the size: nothing panics.
