using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Merge;

/// <summary><c>superfactory bench merge</c>: how long a merge between islands takes, and how much of the link it fills.</summary>
internal static class MergeBenchCommand
{
    private const string Gloo = "gloo";

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var islands = Settings.Whole("--islands", "How many islands.", 2, MergeBenchOptions.IslandsMax, 2);
        var mib = Settings.Whole("--mib", "What each contributes, MiB of fp32.", 1, MergeBenchOptions.MibMax, 64);
        var format = Settings.Choice<NumberFormat>("--format", "How contributions travel. [default: fp32]");
        var wan = Settings.Text("--wan", "RATE,ROUND-TRIP", "The link between every two islands, built by the laboratory (needs root); none for loopback without gateways. [default: none]");
        var loss = Settings.Text("--loss", "SHARE", "The share of packets that each link loses, such as 0.1% or 0.001. [default: 0]");
        var peer = Settings.Text("--peer", Gloo, "Merge the same numbers by PyTorch's Gloo too, in turn.");
        var bulk = Settings.Switch("--bulk", "Merge beside bulk that fills every link too, in turn, and time control messages with and without it.");
        var repeat = Settings.Whole("--repeat", "Timed merges.", 1, MergeBenchOptions.RepeatMax, MergeBenchOptions.DefaultRepeat);
        var seed = Settings.Whole("--seed", "The seed of all numbers.", 0, int.MaxValue, 1);
        var json = Settings.Text("--json", "FILE", "Write the figures to this file as JSON.");
        var command = new Command("merge", "Measure a merge between islands on this machine.") { islands, mib, format, wan, loss, peer, bulk, repeat, seed, json };
        command.SetAction((parsed, cancellation) =>
        {
            var problem = ReportFile.Check(parsed.GetValue(json));
            WanProfile? profile = null;
            if (problem is null && !WanProfile.TryParse(parsed.GetValue(wan) ?? WanProfile.None, out profile, out var wrong))
            {
                problem = wrong with { Field = "--wan" };
            }

            problem ??= CheckPeer(parsed.GetValue(peer));
            var share = 0.0;
            problem ??= parsed.GetValue(loss) is { } text ? CheckLoss(text, profile, out share) : null;
            problem ??= profile is null && parsed.GetValue(bulk)
                ? new Problem("Loopback has no classes: bulk goes through gateways.", Field: "--bulk", Hint: "Name a link by --wan, such as 100mbit,20ms.") : null;
            if (problem is not null)
            {
                return Task.FromResult(terminal.Fail([problem], ExitCode.BadInput));
            }

            return MergeBenchRun.RunAsync(terminal, new MergeBenchOptions
            {
                Islands = (int)parsed.GetValue(islands),
                Mib = (int)parsed.GetValue(mib),
                Format = parsed.GetValue(format) ?? NumberFormat.Fp32,
                Wan = profile,
                Loss = share,
                WithGloo = parsed.GetValue(peer) is not null,
                WithBulk = parsed.GetValue(bulk),
                Repeat = (int)parsed.GetValue(repeat),
                Seed = parsed.GetValue(seed),
                JsonFile = parsed.GetValue(json),
            }, cancellation);
        });
        return command;
    }

    private static Problem? CheckPeer(string? given) => given is null or Gloo ? null
        : new Problem($"'{given}' is no peer: expected {Gloo}.", Field: "--peer", Hint: NearMatch.Hint(given, [Gloo]));

    private static Problem? CheckLoss(string given, WanProfile? wan, out double share)
    {
        var percent = given.EndsWith('%');
        var isNumber = double.TryParse(percent ? given[..^1] : given, NumberStyles.Float, CultureInfo.InvariantCulture, out share);
        share = percent ? share / 100 : share;
        if (!isNumber || !(share >= 0 && share <= MergeBenchOptions.LossMax))
        {
            return new Problem($"'{given}' is no share of packets: expected 0 to {MergeBenchOptions.LossMax * 100:0}%, such as 0.1% or 0.001.", Field: "--loss");
        }

        return wan is null && share > 0 ? new Problem("Loopback loses no packets.", Field: "--loss", Hint: "Name a link by --wan, such as 1gbit,20ms.") : null;
    }
}
