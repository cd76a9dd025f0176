// GitHub's own readers of workflows and expressions, asked over standard input: one JSON line a question, one JSON line an answer.
import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";
import { validate } from "@actions/languageservice";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { TextDocument } from "vscode-languageserver-textdocument";

const answers = {
  async workflow({ name, content }) {
    const read = parseWorkflow({ name, content }, new NoOperationTraceWriter());
    const template = await convertWorkflowTemplate(read.context, read.value);
    const text = (token) => (token === undefined ? null : token.toString());
    return {
      errors: read.context.errors.getErrors().map((error) => error.message),
      events: Object.keys(template.events ?? {}),
      jobs: (template.jobs ?? []).map((job) => ({
        id: job.id.value,
        needs: (job.needs ?? []).map(text),
        concurrency: job.concurrency === undefined ? null : JSON.parse(JSON.stringify(job.concurrency)),
        steps: (job.steps ?? []).map((step) => ({ uses: text(step.uses), run: text(step.run), if: text(step.if) })),
      })),
    };
  },
  action({ name, content }) {
    const read = parseAction({ name, content }, new NoOperationTraceWriter());
    return { errors: read.context.errors.getErrors().map((error) => error.message) };
  },
  async service({ name, content }) {
    const found = await validate(TextDocument.create(`file:///${name}`, "yaml", 1, content));
    return { findings: found.map(({ severity, message, range }) => ({ severity, message, line: range.start.line + 1 })) };
  },
  expression({ text, contexts, job }) {
    const status = (name, value) => [name, { name, description: "", minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }];
    const functions = new Map([status("always", true), status("success", job === "success"), status("failure", job === "failure")]);
    try {
      const { tokens } = new Lexer(text).lex();
      const parsed = new Parser(tokens, Object.keys(contexts), [...functions.values()]).parse();
      const known = JSON.parse(JSON.stringify(contexts), data.reviver);
      const value = new Evaluator(parsed, known, functions).evaluate();
      return { value: JSON.parse(JSON.stringify(value, data.replacer)), text: value.coerceString() };
    } catch (error) {
      return { refused: error.message };
    }
  },
};

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { kind, ...question } = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(await answers[kind](question))}\n`);
  }
}

main();
