// An app as people write them with probot: it answers new issues as its configuration says, labels them, and sets a check on each pull request.
import { Probot, Server } from "probot";

const { APP_ID, BASE_URL, PORT, PRIVATE_KEY, SECRET } = process.env;
const options = { appId: Number(APP_ID), privateKey: PRIVATE_KEY, secret: SECRET, baseUrl: BASE_URL };
const server = new Server({ Probot: Probot.defaults(options), port: Number(PORT), host: "127.0.0.1" });

await server.load((app) => {
  app.on("issues.opened", async (context) => {
    const config = await context.config("gardener.yml", { greeting: "nothing was read" });
    await context.octokit.rest.issues.createComment(context.issue({ body: config.greeting }));
    await context.octokit.rest.issues.addLabels(context.issue({ labels: ["triage"] }));
    await context.octokit.rest.reactions.createForIssue(context.issue({ content: "eyes" }));
  });
  app.on("pull_request.opened", async (context) => {
    const files = await context.octokit.paginate(context.octokit.rest.pulls.listFiles, context.pullRequest());
    const output = { title: `${files.length} files`, summary: files.map((file) => file.filename).join(", ") };
    await context.octokit.rest.checks.create(
      context.repo({ name: "gardener", head_sha: context.payload.pull_request.head.sha, status: "completed", conclusion: "success", output }),
    );
  });
  app.onError((error) => console.error(String(error)));
});
await server.start();
console.log("listening");
