using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Fleet;

/// <summary><c>superfactory fleet show [FILE]</c>: draws the fleet of a file, or that of a running factory as it is used now.</summary>
internal static class FleetShowCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var file = new Argument<string?>("FILE") { Description = "A fleet file to draw; without one the fleet of the running factory is drawn, as it is used now.", Arity = ArgumentArity.ZeroOrOne };
        var json = Settings.Json();
        var command = new Command("show", "Draw the fleet as it is now: sites, rows, who uses them, power and links; or what a fleet file says.") { file, json };
        command.SetAction((parsed, cancellation) => parsed.GetValue(file) is { } name
            ? Task.FromResult(ShowFile(terminal, name, parsed.GetValue(json)))
            : control.WithClientAsync(parsed, terminal, client => ShowNowAsync(terminal, client, parsed.GetValue(json), cancellation)));
        return command;
    }

    private static int ShowFile(Terminal terminal, string file, bool json) => FleetCommands.WithFleet(terminal, file, fleet =>
    {
        if (json)
        {
            terminal.Json(FleetView.Of(fleet));
            return;
        }

        foreach (var line in FleetText.Lines(fleet, terminal.Width))
        {
            terminal.Line(line);
        }
    });

    private static async Task<int> ShowNowAsync(Terminal terminal, ControlClient client, bool json, CancellationToken cancellation)
    {
        var load = await client.FleetLoadAsync(cancellation);
        FleetSpecification? file = null;
        if (!json && load is { Succeeded: true, Value.Name: not null } && await client.FleetAsync(cancellation) is { Succeeded: true } applied)
        {
            // It was found valid when it was applied.
            file = FleetFile.Parse(applied.Value.Text, applied.Value.File).Value;
        }

        return terminal.Show(load, json, now => FleetText.Lines(FleetText.Fleet(file, now), terminal.Width, now));
    }
}
