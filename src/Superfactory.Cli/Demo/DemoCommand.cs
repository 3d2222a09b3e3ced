using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Demo;

/// <summary><c>superfactory demo</c>: one model trained across sites, from nothing to a report.</summary>
internal static class DemoCommand
{
    private const long StepsMax = 1_000_000;

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var sites = Settings.Whole("--sites", "How many sites.", DemoOptions.SitesMin, DemoOptions.SitesMax, DemoOptions.SitesMin);
        var steps = Settings.Whole("--steps", "Steps of each site. [default: as in the job file]", 1, StepsMax);
        var mode = Settings.Choice<SyncMode>("--mode", "What is merged when. [default: as in the job file]");
        var seed = Settings.Whole("--seed", "The seed of the initial model and of the order of the data. [default: as in the job file]", 0, int.MaxValue);
        var wan = Settings.Text("--wan", "RATE,ROUND-TRIP", $"The emulated link between sites; none for none. [default: {DemoOptions.DefaultWan}]");
        var insecure = Settings.InsecureWan();
        var json = Settings.Text("--json", "FILE", "Write the report to this file as JSON.");
        var keep = Settings.Switch("--keep", "Leave the state directory: journal, logs, corpus and models.");
        var command = new Command("demo", "Train one model across two sites of this machine and report.") { sites, steps, mode, seed, wan, insecure, json, keep };
        command.SetAction((parsed, cancellation) =>
        {
            var link = parsed.GetValue(wan) ?? DemoOptions.DefaultWan;
            if (!WanProfile.TryParse(link, out _, out var problem))
            {
                return Task.FromResult(terminal.Fail([problem with { Field = "--wan" }], ExitCode.BadInput));
            }

            return new DemoRun(terminal, new DemoOptions
            {
                Sites = (int)parsed.GetValue(sites),
                Steps = parsed.GetResult(steps) is null ? null : parsed.GetValue(steps),
                Mode = parsed.GetValue(mode),
                Seed = parsed.GetResult(seed) is null ? null : (int)parsed.GetValue(seed),
                Wan = link,
                InsecureWan = parsed.GetValue(insecure),
                JsonFile = parsed.GetValue(json),
                Keep = parsed.GetValue(keep),
            }).RunAsync(cancellation);
        });
        return command;
    }
}
