using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Training;

/// <summary><c>superfactory bench training</c>: what merging costs a training across sites.</summary>
internal static class TrainingBenchCommand
{
    private const string Ddp = "ddp";

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var sites = Settings.Whole("--sites", "How many sites; each needs a core.", 2, 8, 2);
        var wan = Settings.Text("--wan", "RATE,ROUND-TRIP", "The link between every two sites, built by the laboratory (needs root). [default: 100mbit,20ms]");
        var modes = Settings.Text("--modes", "MODE,…", $"What is measured, in turn. [default: {string.Join(',', TrainingMode.Known)}]");
        var steps = Settings.Whole("--steps", "Steps of each island in each mode.", TrainingBenchOptions.StepsMin, TrainingBenchOptions.StepsMax, TrainingBenchOptions.DefaultSteps);
        var model = Settings.Choice<TrainingModel>("--model", "What is trained: the demo's model, or one of 25.6 million parameters. [default: demo]");
        var seed = Settings.Whole("--seed", "The seed of the initial model and of the order of the data.", 0, int.MaxValue, 1);
        var noOverlap = Settings.Switch("--no-overlap", "Measure modes that overlap merges with training once more, waiting for the same merges.");
        var peer = Settings.Text("--peer", Ddp, "Train the same by PyTorch's DistributedDataParallel over Gloo.");
        var json = Settings.Text("--json", "FILE", "Write the figures to this file as JSON.");
        var command = new Command("training", "Measure what merging costs a training across sites.") { sites, wan, modes, steps, model, seed, noOverlap, peer, json };
        command.SetAction((parsed, cancellation) =>
        {
            var problem = ReportFile.Check(parsed.GetValue(json)) ?? CheckPeer(parsed.GetValue(peer));
            var link = WanProfile.Parse(parsed.GetValue(wan) ?? "100mbit,20ms");
            var chosen = TrainingMode.Parse(
                parsed.GetValue(modes) ?? string.Join(',', TrainingMode.Known), (int)parsed.GetValue(steps), overlap: !parsed.GetValue(noOverlap));
            problem ??= link.Succeeded ? null : link.Problems[0] with { Field = "--wan" };
            problem ??= chosen.Succeeded ? null : chosen.Problems[0];
            return problem is not null
                ? Task.FromResult(terminal.Fail([problem], ExitCode.BadInput))
                : TrainingBenchRun.RunAsync(terminal, new TrainingBenchOptions
                {
                    Sites = (int)parsed.GetValue(sites),
                    Wan = link.Value!,
                    Modes = [.. chosen.Value!],
                    Steps = (int)parsed.GetValue(steps),
                    Model = parsed.GetValue(model) ?? TrainingModel.Demo,
                    Seed = (int)parsed.GetValue(seed),
                    WithDdp = parsed.GetValue(peer) is not null,
                    JsonFile = parsed.GetValue(json),
                }, cancellation);
        });
        return command;
    }

    private static Problem? CheckPeer(string? given) => given is null or Ddp ? null
        : new Problem($"'{given}' is no peer: expected {Ddp}.", Field: "--peer", Hint: NearMatch.Hint(given, [Ddp]));
}
