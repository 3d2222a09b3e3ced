using System.Runtime.InteropServices;

namespace Superfactory.Site.Processes;

/// <summary>Turns the signals that ask a process to end into a call, instead of the process's end.</summary>
internal sealed class SignalWatch : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Watches until disposed.</summary>
    /// <param name="ask">Called for each signal, from any thread.</param>
    public SignalWatch(Action ask) => _registrations =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            ask();
        })),
    ];

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());
}
