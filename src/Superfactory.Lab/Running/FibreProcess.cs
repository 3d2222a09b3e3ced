using System.Diagnostics;
using Superfactory.Lab.Fibre;
using Superfactory.Lab.Interop;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>The program that carries packets, as a child process.</summary>
internal sealed class FibreProcess : IDisposable
{
    /// <summary>How long it may take to begin; a heavily loaded machine needs some seconds.</summary>
    private static readonly TimeSpan _readyLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private FibreProcess(Process process, ProcessIdentity identity, bool isHeld) => (_process, Identity, IsHeld) = (process, identity, isHeld);

    /// <summary>Which process it is.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>Whether it takes the laboratory down when this process ends.</summary>
    public bool IsHeld { get; }

    /// <summary>Starts it.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    public static FibreProcess Start(LaboratoryOptions options, string name)
    {
        string[] held = options.LivesOn ? [] : [FibreProgram.Held];
        var start = new ProcessStartInfo(options.FibreCommand[0], [.. options.FibreCommand.Skip(1), options.Directory, name, .. held])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        foreach (var (variable, value) in options.Environment)
        {
            start.Environment[variable] = value;
        }

        var process = Process.Start(start)!;
        return new FibreProcess(process, ProcessIdentity.Of(process.Id) ?? new ProcessIdentity(process.Id, 0), !options.LivesOn);
    }

    /// <summary>Waits until it carries packets.</summary>
    /// <returns>What is wrong; null where nothing is.</returns>
    public async Task<Problem?> WaitReadyAsync(TimeProvider time, CancellationToken cancellation)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), late, _readyLimit, Timeout.InfiniteTimeSpan);
        try
        {
            var line = await _process.StandardOutput.ReadLineAsync(late.Token);
            if (line == FibreProgram.Ready)
            {
                return null;
            }

            var said = $"{line} {await _process.StandardError.ReadToEndAsync(late.Token)}".Trim();
            return new Problem($"The program that carries the packets did not begin: {said}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Problem($"The program that carries the packets did not begin within {_readyLimit.TotalSeconds:0} s.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}
