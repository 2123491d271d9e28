//! Lambda's code storage: each chunk and each index is the code of a function, which players read through the gate.

use std::{collections::HashMap, time::SystemTime};

use super::{Answer, Page, Permit, ReadError, Storage, player::Player};
use crate::{
    cloud::{
        Cloud,
        functions::{FunctionFacts, NewFunction, code::CodeZip},
    },
    model::{
        chunk::limits::Limits,
        cost::{Costs, Viewed},
        gate::{front::Front, links::Reached, public::Public},
        reel::order::AccountRegion,
        report::event::Count,
    },
};

/// Functions that a page of ListFunctions holds.
const PAGE: u64 = 50;

impl Storage for Cloud {
    fn at(&self) -> AccountRegion {
        self.at()
    }

    fn by(&self) -> Option<&str> {
        self.identity().name()
    }

    fn limits(&self) -> Limits {
        Limits::LAMBDA
    }

    fn costs(&self, viewed: &Viewed, front: Front) -> Costs {
        viewed.costs(self.region(), front)
    }

    fn now(&self) -> Answer<'_, SystemTime> {
        Box::pin(self.now())
    }

    fn public_url(&self, of: Public) -> Answer<'_, Option<String>> {
        Box::pin(self.public_url(of))
    }

    fn gate_address(&self) -> Answer<'_, Option<Reached>> {
        Box::pin(self.gate_address())
    }

    /// AWS has no filter: all functions of the account are listed.
    fn pages(&self) -> Answer<'_, u64> {
        Box::pin(async { Ok(self.quota().await?.functions.div_ceil(PAGE)) })
    }

    fn list<'a>(&'a self, prefix: &'a str, from: Option<String>) -> Answer<'a, Page> {
        Box::pin(async move {
            let (functions, next) = self.functions_from(prefix, from).await?;
            Ok(Page { functions, next })
        })
    }

    fn get<'a>(&'a self, name: &'a str) -> Answer<'a, Option<FunctionFacts>> {
        Box::pin(self.function(name))
    }

    fn look<'a>(&'a self, name: &'a str) -> Answer<'a, Option<(FunctionFacts, SystemTime)>> {
        Box::pin(self.function_at(name))
    }

    fn tags<'a>(&'a self, name: &'a str) -> Answer<'a, Option<HashMap<String, String>>> {
        Box::pin(self.tags(name))
    }

    fn read<'a>(&'a self, name: &'a str, most: u64) -> Answer<'a, Option<(FunctionFacts, Vec<u8>)>, ReadError> {
        Box::pin(async move {
            let Some((facts, link)) = self.download_link(name).await? else { return Ok(None) };
            let zip = Player::new()?.download(name, &link, most).await?;
            Ok(Some((facts, zip)))
        })
    }

    fn create<'a>(
        &'a self,
        new: &'a NewFunction,
        code: &'a CodeZip,
        sent: &'a Count,
        _: &'a Permit,
    ) -> Answer<'a, FunctionFacts> {
        Box::pin(self.create_function(new, code, sent))
    }

    fn replace<'a>(
        &'a self,
        name: &'a str,
        revision: Option<&'a str>,
        code: &'a CodeZip,
        sent: &'a Count,
        _: &'a Permit,
    ) -> Answer<'a, FunctionFacts> {
        Box::pin(self.update_code(name, revision, code, sent))
    }

    fn describe<'a>(&'a self, name: &'a str, text: &'a str, revision: Option<&'a str>) -> Answer<'a, FunctionFacts> {
        Box::pin(self.describe(name, text, revision))
    }

    fn delete<'a>(&'a self, name: &'a str, _: &'a Permit) -> Answer<'a, bool> {
        Box::pin(self.delete_function(name))
    }
}
