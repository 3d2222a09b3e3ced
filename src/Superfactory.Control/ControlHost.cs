using System.Net.Sockets;
using System.Runtime;
using Superfactory.Control.Hosting;
using Superfactory.Control.Journal;
using Superfactory.Control.Telemetry;

namespace Superfactory.Control;

/// <summary>Runs a control plane.</summary>
public static class ControlHost
{
    /// <summary>
    /// Runs a control plane until <paramref name="cancellation"/>, Ctrl-C or SIGTERM. Prints <c>ready http://host:port</c> once it is up,
    /// and one sentence on standard error where it can't be.
    /// </summary>
    /// <returns>The exit code: 0 ended as asked; 2 bad option, an address that is in use or no address of this machine, or a state directory of a newer version; 3 something can't be set up or written.</returns>
    public static Task<int> RunAsync(ControlOptions options, CancellationToken cancellation)
        => RunAsync(options, TimeProvider.System, Console.Out, Console.Error, cancellation);

    internal static async Task<int> RunAsync(
        ControlOptions options, TimeProvider time, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);

        // A collection of everything that stops the program takes as long as many decisions; where memory is not short it runs beside them.
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        var address = ListenAddress.Parse(options.Listen);
        var directory = address.Value is null ? address.Fault! : StateDirectory.Prepare(Path.GetFullPath(options.StateDirectory));
        var journal = directory.Value is null ? directory.Fault! : FactoryJournal.Open(directory.Value);
        using var ownedJournal = journal.Value;
        var store = journal.Value is null ? journal.Fault! : TelemetryStore.Open(directory.Value!);
        await using var ownedStore = store.Value;
        if (store.Value is null)
        {
            await error.WriteLineAsync(store.Fault!.Problem.ToString());
            return store.Fault.ExitCode;
        }

        return await RunAsync(address.Value!, journal.Value!, store.Value, time, output, error, cancellation);
    }

    private static async Task<int> RunAsync(
        ListenAddress address,
        FactoryJournal journal,
        TelemetryStore store,
        TimeProvider time,
        TextWriter output,
        TextWriter error,
        CancellationToken cancellation)
    {
        await using var application = ControlApplication.Build(address.EndPoint, journal, store, time);
        var runtime = application.Services.GetRequiredService<FactoryRuntime>();
        runtime.Start();
        try
        {
            await application.StartAsync(cancellation);
            if (!address.IsLoopback)
            {
                ControlLog.ListensBeyondLoopback(application.Logger, address.Text);
            }

            await output.WriteLineAsync($"ready {application.Urls.First()}");
            await output.FlushAsync(cancellation);
            var shutdown = application.WaitForShutdownAsync(cancellation);
            await Task.WhenAny(shutdown, runtime.Ended);
            if (runtime.Ended.IsFaulted)
            {
                await error.WriteLineAsync($"{runtime.Ended.Exception!.InnerException!.Message} The control plane ended; running jobs go on. Start it again when this is put right.");
                await application.StopAsync(CancellationToken.None);
                return StartFault.CannotSetUp;
            }

            await shutdown;
            return 0;
        }
        catch (IOException exception)
        {
            await error.WriteLineAsync(Unlistened(address, exception));
            return StartFault.BadInput;
        }
        catch (SocketException exception)
        {
            await error.WriteLineAsync(Unlistened(address, exception));
            return StartFault.BadInput;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            await runtime.StopAsync();
        }
    }

    private static string Unlistened(ListenAddress address, Exception exception)
        => exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException
            ? $"The control plane can't listen on {address.Text}: the port is in use. Stop what uses it, or choose another with --listen, such as --listen {address.EndPoint.Address}:0 for any free one."
            : $"The control plane can't listen on {address.Text}: {exception.Message.TrimEnd('.')}. Choose another address with --listen.";
}
