//! The whole life of an account on an AWS made by others: MiniStack, with nginx before it for byte ranges. What it does
//! otherwise than AWS, and what these tests therefore can't show (the stand-in enforces it instead):
//!
//! | | MiniStack 1.5.33 | AWS |
//! |---|---|---|
//! | function URLs | no name leads to them: reached by path (`--function-urls`), so the gate's redirect from `/<reel>` leads astray; answer without AddPermission | DNS; 403 without both permissions |
//! | HTTP APIs | by path too (`--api-urls`); call the function without AddPermission | DNS; 500 without it |
//! | | answer OPTIONS themselves, with 403 | call the function |
//! | | take the slash at a path's end away, unless it begins with the stage's name, `$default/` | leave it |
//! | | add `application/json` to an answer without a type, to a 304 too | not known |
//! | | every client is 127.0.0.1, so that guesses of different ones can't be told apart | the client's address |
//! | | decode paths, and so do function URLs | HTTP APIs decode them, function URLs do not |
//! | CloudFront | `Deployed` at once; answers by a name of its own, which none leads to, and keeps nothing | minutes; DNS; caches |
//! | | takes every policy, origin and port; a caller's reference that is known gives what is there | refused |
//! | | says in JSON that a right is missing | in XML |
//! | | knows neither plans nor the month before whose end one can't be deleted | refuses |
//! | streamed answers | not there: `--invoke-mode buffered` | `RESPONSE_STREAM` |
//! | runtime | the machine's own Node.js, whatever `Runtime` says | Node.js 24 on arm64 |
//! | states | Active at once; a role can be assumed at once | Pending first; a new role takes up to half a minute |
//! | download links | unsigned, no end, ranges by nginx, HEAD is 400 | signed for GET, 10 minutes |
//! | rights to create | `CreateFunction` is judged on `*`, `PassRole` not at all | on the function's ARN; on the role's |
//! | limits | zips over 50 MiB, 51 tags and bad names are taken; no 429 | refused; 15 and 100 calls a second |
//! | `UpdateFunctionCode` with `DryRun` | writes: never sent here | does not |

mod cdn;
mod contract;
mod life;
mod server;
mod template;
