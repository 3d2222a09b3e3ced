using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Demo;
using Superfactory.Cli.Factory;
using Superfactory.Cli.Hosts;
using Superfactory.Model.Units;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Up;

/// <summary><c>superfactory up</c>: a factory on this machine that stays until Ctrl-C.</summary>
internal static class UpCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var sites = Settings.Whole("--sites", "How many sites.", 1, LocalFactoryOptions.SiteNames.Length, 2);
        var listen = Settings.Text("--listen", "HOST:PORT", $"Where the control plane listens. [default: {ControlCommand.DefaultEndpoint}]");
        var wan = Settings.Text("--wan", "RATE,ROUND-TRIP", $"The emulated link between sites; none for none. [default: {DemoOptions.DefaultWan}]");
        var insecure = Settings.InsecureWan();
        var (state, data) = (Settings.State(), Settings.Data());
        var command = new Command("up", "Run a local factory of a control plane and sites, until Ctrl-C.") { sites, listen, wan, insecure, state, data };
        command.SetAction((parsed, cancellation) =>
        {
            var link = parsed.GetValue(wan) ?? DemoOptions.DefaultWan;
            if (!WanProfile.TryParse(link, out _, out var problem))
            {
                return Task.FromResult(terminal.Fail([problem with { Field = "--wan" }], ExitCode.BadInput));
            }

            var options = new LocalFactoryOptions
            {
                Listen = parsed.GetValue(listen) ?? ControlCommand.DefaultEndpoint,
                StateDirectory = Directories.State(parsed.GetValue(state)),
                DataDirectory = Directories.Data(parsed.GetValue(data), parsed.GetValue(state)),
                Sites = [.. LocalFactoryOptions.SiteNames.Take((int)parsed.GetValue(sites))],
                Wan = link,
                Slots = Site.SiteOptions.SlotsDefault,
                InsecureWan = parsed.GetValue(insecure),
            };
            return RunAsync(terminal, options, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, LocalFactoryOptions options, CancellationToken cancellation)
    {
        var started = await LocalFactory.StartAsync(options, terminal.Time, cancellation);
        if (!started.Succeeded)
        {
            return terminal.Fail(started.Problems, started.ExitCode);
        }

        await using var factory = started.Value;
        if (!CorpusIndex.Load(Path.Combine(options.DataDirectory, CorpusOptions.DotnetDocs)).Succeeded)
        {
            terminal.Line("Preparing the corpus from .NET's own documentation …");
            var corpus = CorpusBuilder.Build(new CorpusOptions { DataDirectory = options.DataDirectory }, progress: null, cancellation);
            if (!corpus.Succeeded)
            {
                return terminal.Fail(corpus.Problems, ExitCode.CannotReach);
            }
        }

        terminal.Line($"The factory is up: {string.Join(", ", options.Sites)} and a control plane at {factory.Control.Address}");
        terminal.Line(options.InsecureWan ? "The links between its sites are NOT encrypted (--insecure-wan)." : "The links between its sites are encrypted with TLS 1.3.");
        terminal.Line($"State and logs are in {options.StateDirectory}, corpora in {options.DataDirectory}.");
        terminal.Line("In another terminal:");
        var control = options.Listen == ControlCommand.DefaultEndpoint ? string.Empty : $" --control {factory.Control.Address.ToString().TrimEnd('/')}";
        terminal.Line($"  superfactory{control} submit {DemoOptions.JobFile} --follow");
        terminal.Line($"  superfactory{control} jobs");
        terminal.Line($"  superfactory{control} sites");
        terminal.Line("Ctrl-C stops it.");
        var lost = factory.KeepAsync(terminal.ErrorLine);
        if (await Task.WhenAny(lost, Task.Delay(Timeout.InfiniteTimeSpan, cancellation)) != lost)
        {
            terminal.Line("Stopping …");
            return ExitCode.Done;
        }

        var process = await lost;
        terminal.Fail($"The {process.Name} ended with exit code {await process.Ended}, again and again; the factory is stopped.", ExitCode.CannotReach);
        foreach (var line in process.LastLines)
        {
            terminal.ErrorLine("  " + line);
        }

        return ExitCode.CannotReach;
    }
}
