using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Chaos;

/// <summary><c>superfactory chaos</c>: a real job, while its parts are killed, paused and cut off.</summary>
internal static class ChaosCommand
{
    private const string DefaultMinutes = "2";

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var sites = Settings.Whole("--sites", "How many sites.", ChaosOptions.SitesMin, ChaosOptions.SitesMax, ChaosOptions.SitesMin);
        var minutes = Settings.Text("--minutes", "M", $"How long faults happen, such as 2 or 0.5. [default: {DefaultMinutes}]");
        var seed = Settings.Whole("--seed", "What faults, targets and times are drawn from.", 0, int.MaxValue, 1);
        var mode = Settings.Choice<SyncMode>("--mode", "What the job merges, and when. [default: diloco]");
        var only = Settings.Choices<ChaosKind>("--only", "KIND,…", "Let nothing but these kinds of faults happen. [default: all but kill-island and pause-island]");
        var loopback = Settings.Switch("--loopback", "Use this machine's loopback also as root, where no link can be cut.");
        var keep = Settings.Switch("--keep", "Leave the directory with journal, logs, records and models.");
        var json = Settings.Text("--json", "FILE", "Write the report to this file as JSON.");
        var command = new Command("chaos", "Run a job while its trainers, bridges, agents, control plane and links fail, and check what came of it.") { sites, minutes, seed, mode, only, loopback, keep, json };
        command.SetAction((parsed, cancellation) =>
        {
            var given = parsed.GetValue(minutes) ?? DefaultMinutes;
            return double.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out var length) && length is >= ChaosOptions.MinutesMin and <= ChaosOptions.MinutesMax
                ? ChaosRun.RunAsync(terminal, new ChaosOptions
                {
                    Sites = (int)parsed.GetValue(sites),
                    Duration = TimeSpan.FromMinutes(length),
                    Seed = parsed.GetValue(seed),
                    Mode = parsed.GetValue(mode) ?? SyncMode.Diloco,
                    Kinds = parsed.GetValue(only),
                    Loopback = parsed.GetValue(loopback),
                    Keep = parsed.GetValue(keep),
                    JsonFile = parsed.GetValue(json),
                }, cancellation)
                : Task.FromResult(terminal.Fail(
                    [new Problem(string.Create(CultureInfo.InvariantCulture, $"'{given}' is no number of minutes: expected {ChaosOptions.MinutesMin} to {ChaosOptions.MinutesMax}."), Field: "--minutes")],
                    ExitCode.BadInput));
        });
        return command;
    }
}
