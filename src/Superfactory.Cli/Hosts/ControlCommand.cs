using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Control;

namespace Superfactory.Cli.Hosts;

/// <summary><c>superfactory control</c>: runs the control plane.</summary>
internal static class ControlCommand
{
    /// <summary>Where a control plane listens unless the user says otherwise.</summary>
    public const string DefaultEndpoint = "127.0.0.1:7400";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var listen = Settings.Text("--listen", "HOST:PORT", $"Where it listens; port 0 takes a free one. [default: {DefaultEndpoint}]");
        var state = Settings.State();
        var command = new Command("control", "Run the control plane, until Ctrl-C.") { listen, state };
        command.SetAction((parsed, cancellation) => ControlHost.RunAsync(
            new ControlOptions
            {
                Listen = parsed.GetValue(listen) ?? DefaultEndpoint,
                StateDirectory = Directories.State(parsed.GetValue(state)),
            },
            cancellation));
        return command;
    }
}
