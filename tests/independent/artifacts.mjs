// The upload and download of artifacts by GitHub's own client; which of the two says the action's own inputs.
import { stat } from "node:fs/promises";
import { DefaultArtifactClient } from "@actions/artifact";
import * as core from "@actions/core";
import * as glob from "@actions/glob";

const client = new DefaultArtifactClient();

async function upload(path) {
  const found = [];
  for (const file of await (await glob.create(path)).glob()) if ((await stat(file)).isFile()) found.push(file);
  if (found.length === 0) {
    const say = core.getInput("if-no-files-found") === "error" ? core.setFailed : core.warning;
    return say(`No files were found with the provided path: ${path}`);
  }
  const made = await client.uploadArtifact(core.getInput("name"), found, path, { retentionDays: Number(core.getInput("retention-days")) });
  core.info(`uploaded artifact ${made.id} of ${made.size} bytes`);
}

async function download(path) {
  const name = core.getInput("name");
  const fits = (text) => (name ? text === name : new RegExp(`^${core.getInput("pattern").replaceAll("*", ".*")}$`).test(text));
  const { artifacts } = await client.listArtifacts({ latest: true });
  const wanted = artifacts.filter((one) => fits(one.name));
  if (name && wanted.length === 0) throw new Error(`Artifact not found for name: ${name}`);
  const apart = !name && core.getInput("merge-multiple") !== "true";
  for (const one of wanted) await client.downloadArtifact(one.id, { path: apart ? `${path}/${one.name}` : path });
  core.info(`downloaded ${wanted.length} artifacts`);
}

const isUpload = core.getInput("if-no-files-found") !== "";
(isUpload ? upload : download)(core.getInput("path")).catch((error) => core.setFailed(error.message));
