namespace Superfactory.Wan.Transport;

/// <summary>Time as the gateway's pure parts take it: ticks of 100 ns that never go back. Thread-safe.</summary>
internal sealed class Clock(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    public TimeProvider Time { get; } = time;

    /// <summary>Ticks since this clock was made, from 1 on.</summary>
    public long Now => Time.GetElapsedTime(_began).Ticks + 1;
}
