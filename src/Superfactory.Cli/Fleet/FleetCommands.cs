using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Reservations;
using Superfactory.Model;
using Superfactory.Model.Fleet;

namespace Superfactory.Cli.Fleet;

/// <summary><c>superfactory fleet</c>: what a fleet file says, how the fleet is used, and what is reserved of it.</summary>
internal static class FleetCommands
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal) => new("fleet", "Check, apply and show fleets: sites, racks, power and links, and who uses them; apply queues; reserve places and accelerators.")
    {
        Apply(control, terminal),
        Check(terminal),
        FleetShowCommand.Create(control, terminal),
        ReservationCommands.Reserve(control, terminal),
        ReservationCommands.List(control, terminal),
        ReservationCommands.Unreserve(control, terminal),
    };

    private static Command Check(Terminal terminal)
    {
        var file = File();
        var command = new Command("check", "Say everything that is wrong with a fleet file.") { file };
        command.SetAction(parsed => WithFleet(terminal, parsed.GetValue(file)!, fleet =>
        {
            var totals = FleetTotals.Of(fleet.Racks);
            terminal.Line($"{fleet.Name} is valid: {FleetText.Count(fleet.Sites.Length, "site")}, {FleetText.Count(totals.Racks, "rack")}, {FleetText.Count(totals.Accelerators, "accelerator")}, {FleetText.Number(totals.Schedulable)} schedulable.");
        }));
        return command;
    }

    private static Command Apply(ControlOption control, Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "A fleet file, or a queues file; examples/queues.yaml is one." };
        var json = Settings.Json();
        var command = new Command("apply", "Say what a running factory's sites are, or replace its queues, by a file.") { file, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
        {
            var name = parsed.GetValue(file)!;
            return Read(name, "Ready ones are in examples/fleets; examples/queues.yaml is one of queues.", out var text) is { } problem ? terminal.Fail([problem], ExitCode.BadInput)
                : !QueuesFile.IsMeant(text) ? await ApplyFleetAsync(terminal, client, name, text, parsed.GetValue(json), cancellation)
                : terminal.Show(await client.ApplyQueuesAsync(name, text, cancellation), parsed.GetValue(json), static queues => QueuesCommand.Lines(queues));
        }));
        return command;
    }

    private static async Task<int> ApplyFleetAsync(Terminal terminal, ControlClient client, string file, string text, bool json, CancellationToken cancellation)
    {
        var fleet = FleetFile.Parse(text, file);
        return !fleet.Succeeded ? terminal.Fail(fleet.Problems, ExitCode.BadInput) : terminal.Show(
            await client.ApplyFleetAsync(file, text, cancellation), json, _ => [$"{fleet.Value.Name} is applied: {FleetText.Count(fleet.Value.Sites.Length, "site")}. 'superfactory sites' shows what they offer."]);
    }

    private static Problem? Read(string file, string hint, out string text)
    {
        text = string.Empty;
        try
        {
            text = System.IO.File.ReadAllText(file);
            return null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Problem("There is no such file.", file, Hint: hint);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Problem($"The file cannot be read: {exception.Message}", file);
        }
    }

    private static Argument<string> File() => new("FILE") { Description = "The fleet file; ready ones are in examples/fleets." };

    internal static int WithFleet(Terminal terminal, string file, Action<FleetSpecification> use)
    {
        if (Read(file, "Ready ones are in examples/fleets.", out var text) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        var fleet = FleetFile.Parse(text, file);
        if (!fleet.Succeeded)
        {
            return terminal.Fail(fleet.Problems, ExitCode.BadInput);
        }

        use(fleet.Value);
        return ExitCode.Done;
    }
}
