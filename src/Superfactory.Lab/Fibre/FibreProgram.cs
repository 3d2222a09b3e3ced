using System.ComponentModel;
using System.Net.Sockets;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Running;

namespace Superfactory.Lab.Fibre;

/// <summary>The program that carries a laboratory's packets, as a process of its own.</summary>
public static class FibreProgram
{
    /// <summary>What it writes once it carries packets.</summary>
    internal const string Ready = "ready";

    /// <summary>The argument after which the laboratory goes when standard input ends.</summary>
    public const string Held = "--held";

    /// <summary>
    /// Carries packets until cancelled; with <c>--held</c>, until standard input ends, and then takes the laboratory down. Writes <c>ready</c> once
    /// packets flow.
    /// </summary>
    /// <param name="arguments">The directory of laboratories, the laboratory's name, then <c>--held</c> or nothing; <see cref="Laboratory"/> gives them.</param>
    /// <param name="output">Where <c>ready</c> goes, and why it could not begin.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The exit code: 0, or 3 when it could not begin.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(output);
        if (arguments.Count < 2 || LaboratoryState.Read(LaboratoryState.FileOf(arguments[0], arguments[1])) is not { } state)
        {
            await output.WriteLineAsync("There is no such laboratory.");
            return 3;
        }

        // The terminal's Ctrl-C is for whoever started this, not for packets.
        _ = Native.BeginSession();
        _ = Native.SendErrorsTo(LaboratoryState.LogOf(arguments[0], arguments[1]));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var isLetGo = false;
        try
        {
            using var work = FibreWork.Start(state, TimeProvider.System);
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(LaboratoryState.SocketOf(arguments[0], arguments[1])));
            listener.Listen();
            var serving = FibreControl.ServeAsync(listener, work.ObeyAsync, ending.Token);
            await FibreControl.RehearseAsync(LaboratoryState.SocketOf(arguments[0], arguments[1]), ending.Token);
            await output.WriteLineAsync(Ready);
            await output.FlushAsync(ending.Token);
            var held = arguments.Contains(Held) ? EndOfInputAsync() : Task.Delay(Timeout.InfiniteTimeSpan, ending.Token);
            await Task.WhenAny(serving, held);
            isLetGo = arguments.Contains(Held) && held.IsCompleted && !cancellation.IsCancellationRequested;
            await ending.CancelAsync();
            if (serving.IsFaulted)
            {
                await Console.Error.WriteLineAsync($"It can take no more orders: {serving.Exception?.InnerException}");
                return 3;
            }
        }
        catch (Exception exception) when (exception is AggregateException or Win32Exception or SocketException or InvalidOperationException)
        {
            await output.WriteLineAsync((exception as AggregateException)?.InnerException?.Message ?? exception.Message);
            return 3;
        }

        // Whoever asks this process to end removes the rest; when its holder has ended, nobody else does.
        if (isLetGo)
        {
            await Teardown.RemoveAsync(arguments[0], state, TimeProvider.System);
        }

        return 0;
    }

    private static async Task EndOfInputAsync()
    {
        await using var input = Console.OpenStandardInput();
        var bytes = new byte[64];
        while (await input.ReadAsync(bytes) > 0)
        {
            // Nothing is said this way: only its end counts.
            continue;
        }
    }
}
