using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Reservations;

/// <summary><c>superfactory fleet reserve</c>, <c>fleet reservations</c> and <c>fleet unreserve</c>.</summary>
internal static class ReservationCommands
{
    /// <summary>Makes <c>fleet reserve NAME [TARGET]</c>.</summary>
    public static Command Reserve(ControlOption control, Terminal terminal)
    {
        var name = Name();
        var target = new Argument<string?>("TARGET") { Description = "A site, or a floor, row, rack or node of the fleet file by its path. [default: anywhere in the fleet]", Arity = ArgumentArity.ZeroOrOne };
        var from = Settings.Text("--from", "TIME", $"When it begins: {MomentText.Expected}. [default: at once]");
        var until = Settings.Text("--until", "TIME", "When it is over, said in the same ways.");
        var length = Settings.Text("--for", "LENGTH", $"How long it is, in place of --until: {MomentText.ExpectedLength}.");
        var accelerators = Settings.Whole("--accelerators", "How many accelerators, for a queue or a job. [default: all that are at TARGET]", 1, FleetSpecification.AcceleratorsMax);
        var hardware = Settings.Text("--hardware", "TYPE", "The only kind of hardware that it is of. [default: every kind]");
        var queue = Settings.Text("--queue", "NAME", "The queue or tenant whose jobs may use it. [default: nobody, it is for maintenance]");
        var job = Settings.Whole("--job", "The job that may use it, in place of --queue.", 1, long.MaxValue);
        var reason = Settings.Text("--reason", "TEXT", "Why, in a sentence; shown wherever it matters.");
        var json = Settings.Json();
        var command = new Command("reserve", "Keep a place for maintenance, or accelerators for the jobs of a queue or one job, for a time.") { name, target, from, until, length, accelerators, hardware, queue, job, reason, json };
        command.SetAction((parsed, cancellation) =>
        {
            var request = new ReservationRequest
            {
                Name = parsed.GetRequiredValue(name), Target = parsed.GetValue(target), Accelerators = parsed.GetValue(accelerators), Hardware = parsed.GetValue(hardware), Queue = parsed.GetValue(queue),
                Job = parsed.GetValue(job) is var number and > 0 ? number : null, Reason = parsed.GetValue(reason),
            };
            return Times(ref request, parsed.GetValue(from), parsed.GetValue(until), parsed.GetValue(length), terminal.Time.GetLocalNow()) is { } problem
                ? Task.FromResult(terminal.Fail(problem, ExitCode.BadInput))
                : control.WithClientAsync(parsed, terminal, async client => terminal.Show(
                    await client.ReserveAsync(request, cancellation), parsed.GetValue(json), reservation => ReservationText.Lines([reservation], terminal.Time.LocalTimeZone)));
        });
        return command;
    }

    /// <summary>Makes <c>fleet reservations</c>.</summary>
    public static Command List(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("reservations", "List what is reserved of the fleet, for whom, and who leaves it when.") { json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.ReservationsAsync(cancellation), parsed.GetValue(json), reservations => ReservationText.Lines(reservations, terminal.Time.LocalTimeZone))));
        return command;
    }

    /// <summary>Makes <c>fleet unreserve NAME</c>.</summary>
    public static Command Unreserve(ControlOption control, Terminal terminal)
    {
        var (name, json) = (Name(), Settings.Json());
        var command = new Command("unreserve", "Take a reservation back; one that has begun ends.") { name, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.UnreserveAsync(parsed.GetRequiredValue(name), cancellation), parsed.GetValue(json), left =>
                [$"{parsed.GetValue(name)} is reserved no longer.", .. left.Length == 0 ? [] : ReservationText.Lines(left, terminal.Time.LocalTimeZone)])));
        return command;
    }

    private static string? Times(ref ReservationRequest request, string? from, string? until, string? length, DateTimeOffset now)
    {
        if ((until is null) == (length is null))
        {
            return "Expected either --until TIME or --for LENGTH.";
        }

        request = request with
        {
            FromUnixMilliseconds = from is null ? null : MomentText.Read(from, now), UntilUnixMilliseconds = until is null ? null : MomentText.Read(until, now), LengthMilliseconds = length is null ? null : MomentText.ReadLength(length),
        };
        return from is not null && request.FromUnixMilliseconds is null ? $"--from: '{from}' is no time: expected {MomentText.Expected}."
            : until is not null && request.UntilUnixMilliseconds is null ? $"--until: '{until}' is no time: expected {MomentText.Expected}."
            : length is not null && request.LengthMilliseconds is null ? $"--for: '{length}' is no length of time: expected {MomentText.ExpectedLength}." : null;
    }

    private static Argument<string> Name() => new("NAME") { Description = "The reservation's name." };
}
