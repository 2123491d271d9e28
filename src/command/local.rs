//! `zipreel local`: the stand-in by itself.

use super::{
    face,
    out::{self, Said},
};
use crate::{
    cli::{HostArg, PlaceArgs},
    json,
    local::{self, Endpoint, Joined, Keep},
    model::report::fault::{Fault, Stopped},
    plain,
    settings::{self, FaceSettings},
    use_cases::{LOCAL_REGION, Machine},
};

pub async fn local(
    args: &PlaceArgs,
    host: Option<HostArg>,
    keep_hashes: bool,
    face: &FaceSettings,
) -> Result<Said, Stopped> {
    let mut machine = settings::this_machine(args)?;
    machine.host = host.map(settings::address).transpose()?;
    let mut config = machine.stand_in()?;
    if keep_hashes {
        config.keep = Keep::Hashes;
    }
    machine.opens().iter().for_each(|words| plain::say(words));
    let joined = local::join_or_start(config).await;
    let stand_in = match joined? {
        Joined::Started(stand_in) => stand_in,
        Joined::Running(endpoint) => return Err(Stopped::Failed(running(&endpoint, &machine))),
    };
    // who reads the address may end it at once
    let end = face::signal();
    if face.json {
        let Endpoint { api, gate, relay, .. } = stand_in.endpoint();
        out::event(&json::serving(api, gate, relay));
    } else {
        describe(stand_in.endpoint());
    }
    end.await;
    stand_in.stop().await;
    out::ended(face, json::served(), || ())
}

fn running(endpoint: &Endpoint, machine: &Machine) -> Fault {
    Fault::permanent(format!("could not start a stand-in on `{}`: one runs there already", machine.data.display()))
        .hint(format!(
            "Its gate is {}/. Publish to it with --target local, or choose another --data folder.",
            endpoint.gate
        ))
}

/// With the keys: they are the stand-in's own, good for nothing else.
fn describe(endpoint: &Endpoint) {
    let Endpoint { api, gate, relay, access_key, secret_key, .. } = endpoint;
    for line in [
        format!("stand-in: {api} (gate {gate}, relay {relay})"),
        "`zipreel list` names its reels, `zipreel info NAME` shows the links of one; they can be watched until this ends".to_owned(),
        "for the AWS command line:".to_owned(),
        // the AWS CLI's first version knows the second name alone
        format!("  export AWS_ENDPOINT_URL={api} AWS_REGION={LOCAL_REGION} AWS_DEFAULT_REGION={LOCAL_REGION}"),
        format!("  export AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={secret_key}"),
        "Ctrl-C ends it".to_owned(),
    ] {
        plain::say(&line);
    }
}
