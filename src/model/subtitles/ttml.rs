//! TTML (W3C TTML1 and TTML2, IMSC's text profile, DFXP): paragraphs with their times, and of their styles what WebVTT has.
//! A text may hold several documents, one behind the other: a track of a film has one for each of its segments. What is not
//! known is passed over with all that is in it.

mod look;
mod paragraph;
mod time;
mod xml;

use std::collections::HashMap;

use self::{
    look::Look,
    paragraph::{Run, cues_of},
    time::Rates,
    xml::{Attributes, Token, Tokens, is_space},
};
use super::cue::{CUES_MAX, Cue};

/// Elements within elements beyond this are passed over.
const DEPTH_MAX: usize = 64;
/// Pieces of a paragraph beyond this are not looked at.
const RUNS_MAX: usize = 64;
/// Nor is text beyond this: a cue has less.
const PARAGRAPH_MAX: usize = 8 << 10;
/// Bytes of all cues: a reel has room for less.
const BYTES_MAX: usize = 16 << 20;
/// Milliseconds between what one document ends with and another goes on with, by rounding.
const NEAR: i64 = 1;

const NO_TTML: &str = "it is no TTML: there is no element `tt` in it";
const FROM_EACH: &str = "its documents count their times from where each of them begins, which is not read";

/// All cues of all documents, each by the documents' own times.
pub fn cues(text: &str) -> Result<Vec<Cue>, &'static str> {
    let mut documents = Documents::default();
    let mut reader: Option<Reader<'_>> = None;
    let mut is_ttml = false;
    for token in Tokens::new(text) {
        let begins = match &token {
            Token::Declaration => Some(None),
            Token::Start { name: "tt", attributes, is_closed } => {
                is_ttml = true;
                Some((!is_closed).then(|| Reader::new(*attributes)))
            }
            _ => None,
        };
        if let Some(next) = begins {
            documents.add(reader.take())?;
            reader = next;
        } else if let Some(reader) = &mut reader {
            reader.take(token);
        }
        if documents.cues.len() >= CUES_MAX || documents.bytes > BYTES_MAX {
            break;
        }
    }
    documents.add(reader)?;
    if is_ttml { Ok(documents.cues) } else { Err(NO_TTML) }
}

/// What documents that follow each other show.
#[derive(Default)]
struct Documents {
    cues: Vec<Cue>,
    /// Those of the last document, by what they show: where the last one of each is.
    last: HashMap<(String, String), usize>,
    /// When the last one began to show something.
    began: Option<i64>,
    /// Of the cues' texts.
    bytes: usize,
}

impl Documents {
    /// What was shown to the end of the last document and stays is one cue. In documents of one track each shows what there
    /// is in its own time, so that none begins before the one before it.
    fn add(&mut self, reader: Option<Reader<'_>>) -> Result<(), &'static str> {
        let Some(Reader { cues, .. }) = reader else { return Ok(()) };
        let begins = cues.iter().map(|cue| cue.start_ms).min();
        if begins.zip(self.began).is_some_and(|(begins, began)| begins + NEAR < began) {
            return Err(FROM_EACH);
        }
        self.began = begins.or(self.began);
        let mut shown = HashMap::new();
        for cue in cues {
            let what = (cue.settings.clone(), cue.text.clone());
            let goes_on = |at: &usize| {
                let before = &self.cues[*at];
                (before.start_ms - NEAR..=before.end_ms + NEAR).contains(&cue.start_ms)
            };
            let at = self.last.get(&what).copied().filter(goes_on).unwrap_or(self.cues.len());
            match self.cues.get_mut(at) {
                Some(before) => before.end_ms = before.end_ms.max(cue.end_ms),
                None => {
                    self.bytes += cue.text.len();
                    self.cues.push(cue);
                }
            }
            shown.insert(what, at);
        }
        self.last = shown;
        Ok(())
    }
}

/// An element that is open.
struct Element<'a> {
    name: &'a str,
    begin: i64,
    end: Option<i64>,
    /// Where children count from: one behind the other, or all from the beginning.
    from: i64,
    is_sequence: bool,
    look: Look,
    is_above: bool,
    preserves: bool,
}

/// One document.
struct Reader<'a> {
    rates: Rates,
    styles: HashMap<String, Look>,
    regions: HashMap<String, Look>,
    /// The one that is being described.
    region: Option<(String, Look)>,
    stack: Vec<Element<'a>>,
    /// How many elements are open that are passed over, one within the other.
    skipped: usize,
    runs: Vec<Run>,
    cues: Vec<Cue>,
    /// Of the cues' texts.
    bytes: usize,
}

impl<'a> Reader<'a> {
    fn new(root: Attributes<'a>) -> Self {
        let preserves = root.get("space").as_deref() == Some("preserve");
        let look = Look::default();
        let (begin, from, is_sequence, is_above) = (0, 0, false, false);
        let root_element = Element { name: "tt", begin, end: None, from, is_sequence, look, is_above, preserves };
        Self {
            rates: Rates::of(root),
            styles: HashMap::new(),
            regions: HashMap::new(),
            region: None,
            stack: vec![root_element],
            skipped: 0,
            runs: Vec::new(),
            cues: Vec::new(),
            bytes: 0,
        }
    }

    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Declaration => {}
            Token::Start { is_closed: true, .. } if self.skipped > 0 => {}
            Token::Start { .. } if self.skipped > 0 => self.skipped += 1,
            Token::End(_) if self.skipped > 0 => self.skipped -= 1,
            Token::Start { name, attributes, is_closed } => {
                let is_open = self.start(name, attributes);
                match (is_open, is_closed) {
                    (true, true) => self.end(name),
                    (false, false) => self.skipped = 1,
                    _ => {}
                }
            }
            Token::End(name) => self.end(name),
            Token::Text(text) if self.skipped == 0 => self.text(text, false),
            Token::Text(_) => {}
        }
    }

    fn is_within(&self, name: &str) -> bool {
        self.stack.iter().any(|element| element.name == name)
    }

    /// Whether it is open now: if not, what is in it is passed over.
    fn start(&mut self, name: &'a str, attributes: Attributes<'a>) -> bool {
        let (is_body, is_paragraph) = (self.is_within("body"), self.is_within("p"));
        let look = self.styled(attributes);
        match name {
            "head" | "styling" | "layout" if !is_body => {}
            "style" if !is_body => {
                match (&mut self.region, attributes.get("id")) {
                    (Some((_, region)), _) => *region = region.over(look),
                    (None, Some(id)) => self.styles.extend([(id, look)]),
                    (None, None) => {}
                }
                return false;
            }
            "region" if !is_body => self.region = Some((attributes.get("id").unwrap_or_default(), look)),
            "br" if is_paragraph => {
                self.text("\n".to_owned(), true);
                return false;
            }
            "body" if !is_body => {}
            "div" | "p" if is_body && !is_paragraph => {}
            "span" if is_paragraph => {}
            _ => return false,
        }
        let element = self.element(name, attributes, look).filter(|_| self.stack.len() < DEPTH_MAX);
        let is_open = element.is_some();
        self.stack.extend(element);
        is_open
    }

    /// What an element's own attributes say, and the styles that it names, the last before the first.
    fn styled(&self, attributes: Attributes<'_>) -> Look {
        let named = attributes.get("style").unwrap_or_default();
        let styles = named.split_whitespace().rev().filter_map(|id| self.styles.get(id));
        styles.fold(Look::of(attributes), |look, style| look.over(*style))
    }

    /// `None` for what is never shown: its times are none, or it says so itself, or it is read beside other text.
    fn element(&self, name: &'a str, attributes: Attributes<'_>, look: Look) -> Option<Element<'a>> {
        let parent = self.stack.last()?;
        let is = |name: &str, value: &str| attributes.get(name).is_some_and(|told| told.trim() == value);
        let is_beside = ["text", "textContainer", "delimiter"].iter().any(|kind| is("ruby", kind));
        if is("display", "none") || is("visibility", "hidden") || is_beside {
            return None;
        }
        let time = |name: &str| match attributes.get(name) {
            Some(text) => self.rates.ms(&text).map(Some),
            None => Some(None),
        };
        let begin = parent.from.saturating_add(time("begin")?.unwrap_or(0));
        let end = time("end")?.map(|end| parent.from.saturating_add(end));
        let length = time("dur")?.map(|length| begin.saturating_add(length));
        let is_above = match attributes.get("region") {
            Some(id) => self.regions.get(&id).is_some_and(|region| region.is_above()),
            None => parent.is_above,
        };
        Some(Element {
            name,
            begin,
            end: [end, length, parent.end].into_iter().flatten().min(),
            from: begin,
            is_sequence: is("timeContainer", "seq"),
            look: look.over(parent.look),
            is_above,
            preserves: attributes.get("space").map_or(parent.preserves, |space| space == "preserve"),
        })
    }

    /// Ends the innermost element of this name, and what was left open in it.
    fn end(&mut self, name: &str) {
        let Some(at) = self.stack.iter().rposition(|element| element.name == name) else { return };
        let ended = self.stack.split_off(at);
        for element in &ended {
            match element.name {
                "p" => {
                    let room = CUES_MAX.saturating_sub(self.cues.len());
                    for cue in cues_of(&self.runs).into_iter().take(room) {
                        self.bytes += cue.text.len();
                        if self.bytes <= BYTES_MAX {
                            self.cues.push(cue);
                        }
                    }
                    self.runs.clear();
                }
                "region" => self.regions.extend(self.region.take()),
                _ => {}
            }
        }
        let parent = self.stack.last_mut().filter(|parent| parent.is_sequence);
        if let (Some(parent), Some(end)) = (parent, ended.first().and_then(|element| element.end)) {
            parent.from = end;
        }
    }

    fn text(&mut self, text: String, is_break: bool) {
        let is_long = self.runs.iter().map(|run| run.text.len()).sum::<usize>() > PARAGRAPH_MAX;
        if !self.is_within("p") || self.runs.len() == RUNS_MAX || is_long {
            return;
        }
        let Some(&Element { begin, end, look, is_above, preserves, .. }) = self.stack.last() else { return };
        let preserves = preserves || is_break;
        let text = shortened(&text, preserves);
        self.runs.push(Run { text, begin, end, tags: look.tags(), is_above, preserves });
    }
}

/// As much as a paragraph may have; of white space that is not preserved, the first of each stretch.
fn shortened(text: &str, preserves: bool) -> String {
    let mut is_after_space = false;
    let kept = text.chars().filter(|character| {
        let is_space = is_space(*character);
        preserves || !(std::mem::replace(&mut is_after_space, is_space) && is_space)
    });
    kept.take(PARAGRAPH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_paragraphs_make_no_more_than_a_reel_has_room_for() {
        let spaces = " ".repeat(20_000);
        let words = "word ".repeat(700);
        let timed = |at: usize| format!("<span begin=\"{at}ms\" end=\"{}ms\">{at}{spaces}</span>", at + 2);
        let spans: String = (0..100).map(timed).collect();
        let paragraph = format!("<p begin=\"0s\" end=\"9s\"><span>{words}</span>{spans}</p>");
        let text = format!("<tt><body>{}</body></tt>", paragraph.repeat(60));
        let made = cues(&text).unwrap();
        let bytes = made.iter().map(|cue| cue.text.len()).sum::<usize>();
        assert!(!made.is_empty() && bytes <= BYTES_MAX, "{} cues, {bytes} bytes", made.len());
    }

    fn read(body: &str) -> Vec<(i64, i64, String)> {
        let text = format!("<tt ttp:frameRate=\"25\">{body}</tt>");
        cues(&text).unwrap().into_iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text)).collect()
    }

    fn cue(start: i64, end: i64, text: &str) -> (i64, i64, String) {
        (start, end, text.to_owned())
    }

    #[test]
    fn paragraphs_are_read_by_any_prefix() {
        let text = "<?xml version=\"1.0\"?>\n<tt:tt xmlns:tt=\"http://www.w3.org/ns/ttml\"><tt:head><ttm:title>no\
                    </ttm:title></tt:head><tt:body><tt:div>\n<tt:p begin='00:00:01.000' end='00:00:02.5'>One &amp;\n  \
                    two <tt:br/> three<ttm:desc>no</ttm:desc></tt:p>\n<tt:p begin='3s' dur='500ms'>a &lt;b> c</tt:p>\
                    <tt:p>never</tt:p><tt:p begin='x' end='9s'>never</tt:p></tt:div></tt:body></tt:tt>";
        let all: Vec<_> = cues(text).unwrap().into_iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text)).collect();
        assert_eq!(all, [cue(1000, 2500, "One &amp; two\nthree"), cue(3000, 3500, "a &lt;b> c")]);
    }

    #[test]
    fn times_count_from_what_is_around() {
        let body = "<body begin='10s'><div begin='1s' end='5s'><p begin='1s' end='2s'>A</p><p begin='3s' end='9s'>B</p>\
                    <p begin='00:00:01:05' dur='1f'>C</p></div><div timeContainer='seq'><p dur='1s'>D</p>\
                    <p begin='1s' dur='1s'>E</p></div></body>";
        assert_eq!(
            read(body),
            [
                cue(12_000, 13_000, "A"),
                cue(14_000, 15_000, "B"),
                cue(12_200, 12_240, "C"),
                cue(10_000, 11_000, "D"),
                cue(12_000, 13_000, "E")
            ]
        );
    }

    #[test]
    fn pieces_with_times_of_their_own_are_shown_in_them() {
        let body = "<body><div><p begin='10s' end='14s'>\n <span end='2s'>A</span>\n <span begin='1s' end='3s'>B</span>\
                    </p><p><span begin='20s' end='21s'>C</span><br/><span begin='21s' end='22s'>D</span></p></div></body>";
        let wanted = [
            cue(10_000, 11_000, "A"),
            cue(11_000, 12_000, "A B"),
            cue(12_000, 13_000, "B"),
            cue(20_000, 21_000, "C"),
            cue(21_000, 22_000, "D"),
        ];
        assert_eq!(read(body), wanted);
    }

    #[test]
    fn styles_that_webvtt_has_are_kept() {
        let body = "<head><styling><style xml:id='s' tts:fontStyle='italic'/><style xml:id='t' style='s' \
                    tts:fontWeight='bold'/></styling><layout><region xml:id='up' tts:displayAlign='before'/>\
                    <region xml:id='low' tts:origin='10% 80%'/><region xml:id='styled'><style tts:origin='0% 10%' \
                    tts:extent='100% 20%' tts:displayAlign='after'/></region></layout></head>\
                    <body><div style='s'><p region='up' begin='1s' end='2s'>A <span tts:fontStyle='normal'>B</span></p>\
                    <p region='low' style='t' begin='2s' end='3s'>C</p><p region='styled' xml:space='preserve' begin='3s' \
                    end='4s'>D  <span tts:textDecoration='underline'>E</span></p><p begin='4s' end='5s'>F\
                    <span tts:display='none'>no</span></p></div></body>";
        let text = format!("<tt>{body}</tt>");
        let all: Vec<_> = cues(&text).unwrap().into_iter().map(|cue| (cue.settings, cue.text)).collect();
        let wanted = [
            ("line:0", "<i>A </i>B"),
            ("", "<i><b>C</b></i>"),
            ("line:0", "<i>D  </i><i><u>E</u></i>"),
            ("", "<i>F</i>"),
        ];
        assert_eq!(all, wanted.map(|(settings, text)| (settings.to_owned(), text.to_owned())));
    }

    #[test]
    fn what_one_document_goes_on_with_is_one_cue() {
        let document = |paragraphs: &[(i64, i64, &str)]| {
            let all =
                paragraphs.iter().map(|(begin, end, text)| format!("<p begin='{begin}ms' end='{end}ms'>{text}</p>"));
            format!("<?xml version='1.0'?>\n<tt><body><div>{}</div></body></tt>", all.collect::<String>())
        };
        let all = [
            document(&[(0, 1000, "A"), (1500, 2000, "B")]),
            document(&[]).replace("</tt>", ""),
            document(&[(1500, 2500, "B"), (3000, 4000, "A")]),
            document(&[(4000, 5000, "A"), (5500, 6000, "A")]),
        ];
        let found: Vec<_> =
            cues(&all.concat()).unwrap().into_iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text)).collect();
        let wanted = [cue(0, 1000, "A"), cue(1500, 2500, "B"), cue(3000, 5000, "A"), cue(5500, 6000, "A")];
        assert_eq!(found[0], wanted[0]);
        // an empty document in between shows nothing
        assert_eq!(found.len(), 5, "{found:?}");
        let joined: Vec<_> = cues(&[&all[0], &all[2], &all[3]].map(String::as_str).concat()).unwrap();
        let joined: Vec<_> = joined.into_iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text)).collect();
        assert_eq!(joined, wanted);
    }

    #[test]
    fn what_is_not_read_is_said() {
        for none in ["", "1\n00:00:01,000 --> 00:00:02,000\nA\n", "<html><p>A</p></html>", "<tt"] {
            assert_eq!(cues(none), Err(NO_TTML), "{none}");
        }
        let each = |begin: i64| format!("<tt><body><div><p begin='{begin}s' end='9s'>A{begin}</p></div></body></tt>");
        assert_eq!(cues(&[each(1), each(3)].concat()).map(|cues| cues.len()), Ok(2));
        assert_eq!(cues(&[each(3), each(1)].concat()), Err(FROM_EACH));
        let deep = format!("<tt><body>{}<p begin='1s' end='2s'>A", "<div>".repeat(1000));
        assert_eq!(cues(&deep), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn no_text_panics(
            text in "(\\PC|[<>&;/'\"=:.0-9 ]|<tt>|<body>|<div>|</?p>|<p begin='[0-9]{1,12}[smhft]' dur='[0-9]s'>|</div>|\
                     <br/>|<span end='1s'>|</span>|<\\?xml \\?>|<!--|]]>|<region xml:id='a'>){0,60}",
        ) {
            for cue in cues(&text).unwrap_or_default() {
                prop_assert!(cue.start_ms < cue.end_ms && !cue.text.contains("\n\n"));
            }
        }
    }
}
