using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Outages;

/// <summary><c>superfactory outages</c>, <c>drain</c>, <c>fail</c>, <c>quarantine</c> and <c>return</c>.</summary>
internal static class OutageCommands
{
    /// <summary>Makes <c>outages</c>.</summary>
    public static Command List(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("outages", "List what is out of service, why, and who leaves it when.") { json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.OutagesAsync(cancellation), parsed.GetValue(json), outages => OutageText.Lines(outages, terminal.Time.LocalTimeZone))));
        return command;
    }

    /// <summary>Makes <c>drain TARGET</c>.</summary>
    public static Command Drain(ControlOption control, Terminal terminal)
    {
        var (target, reason, json) = (Target(), Reason(), Settings.Json());
        var by = Settings.Text("--by", "TIME", $"When nothing is to run there any more: {MomentText.Expected}. [default: as soon as can be]");
        var command = new Command("drain", "Place nothing more there, and have what runs there move off in time.") { target, by, reason, json };
        command.SetAction((parsed, cancellation) =>
        {
            long? moment = null;
            if (parsed.GetValue(by) is { } text && (moment = MomentText.Read(text, terminal.Time.GetLocalNow())) is null)
            {
                return Task.FromResult(terminal.Fail($"--by: '{text}' is no time: expected {MomentText.Expected}.", ExitCode.BadInput));
            }

            return Take(control, terminal, parsed, new OutageRequest { Target = parsed.GetRequiredValue(target), State = OutageState.Draining, ByUnixMilliseconds = moment, Reason = parsed.GetValue(reason) }, parsed.GetValue(json), cancellation);
        });
        return command;
    }

    /// <summary>Makes <c>fail TARGET</c> or <c>quarantine TARGET</c>.</summary>
    public static Command Out(ControlOption control, Terminal terminal, string name, string description, OutageState state)
    {
        var (target, reason, json) = (Target(), Reason(), Settings.Json());
        var command = new Command(name, description) { target, reason, json };
        command.SetAction((parsed, cancellation) => Take(
            control, terminal, parsed, new OutageRequest { Target = parsed.GetRequiredValue(target), State = state, Reason = parsed.GetValue(reason) }, parsed.GetValue(json), cancellation));
        return command;
    }

    /// <summary>Makes <c>return TARGET</c>.</summary>
    public static Command Return(ControlOption control, Terminal terminal)
    {
        var (target, json) = (Target(), Settings.Json());
        var command = new Command("return", "Let something in service again.") { target, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.ReturnAsync(parsed.GetRequiredValue(target), cancellation), parsed.GetValue(json), left =>
                [left.Any(outage => outage.Target == parsed.GetValue(target)) ? $"{parsed.GetValue(target)} is out of service again at once:" : $"{parsed.GetValue(target)} is in service.", .. left.Length == 0 ? [] : OutageText.Lines(left, terminal.Time.LocalTimeZone)])));
        return command;
    }

    private static Task<int> Take(ControlOption control, Terminal terminal, ParseResult parsed, OutageRequest request, bool json, CancellationToken cancellation) =>
        control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.TakeOutAsync(request, cancellation), json, outage => OutageText.Lines([outage], terminal.Time.LocalTimeZone)));

    private static Argument<string> Target() => new("TARGET") { Description = "A site, as 'superfactory sites' lists it, or a floor, row, rack or node of the fleet file by its path, such as wisconsin/f1/r3." };

    private static Option<string?> Reason() => Settings.Text("--reason", "TEXT", "Why, in a sentence; shown wherever it matters.");
}
