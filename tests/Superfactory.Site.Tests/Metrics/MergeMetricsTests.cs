using System.Diagnostics.Metrics;
using Superfactory.Model.Agents;
using Superfactory.Site.Metrics;

namespace Superfactory.Site.Tests.Metrics;

public sealed class MergeMetricsTests
{
    [Fact]
    public void Faults_of_others_are_told_for_each_job_whose_bridge_has_reported()
    {
        GangReport[] gangs =
        [
            new() { Job = 3, Incarnation = 1, State = GangState.Running, Progress = new RunProgress { PeerFaults = 5, PeerFault = "atlanta: a message whose checksum is wrong", RefusalCounts = [new RefusalCount("atlanta", 2)] } },
            new() { Job = 4, Incarnation = 1, State = GangState.Starting },
        ];
        var seen = new List<string>();
        using var metrics = new MergeMetrics("merge-metrics", () => [.. gangs]);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == MergeMetrics.MeterName)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value as string);
            if (named["site"] == "merge-metrics")
            {
                seen.Add($"{instrument.Name} {instrument.Unit} {named["job"]} {named.GetValueOrDefault("island")} {value}");
            }
        });
        listener.Start();

        listener.RecordObservableInstruments();

        seen.ShouldBe(["superfactory.merge.peer_faults {fault} 3  5", "superfactory.merge.contributions_refused {contribution} 3 atlanta 2"]);
    }
}
