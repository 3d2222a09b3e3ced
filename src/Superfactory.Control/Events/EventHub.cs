using System.Collections.Immutable;

namespace Superfactory.Control.Events;

/// <summary>Hands events to whoever subscribed. Never waits for a subscriber. Safe to use from any thread.</summary>
internal sealed class EventHub
{
    /// <summary>Subscribers at a time. With full queues of events of about 2 KB they take 512 MB; usual ones are empty.</summary>
    public const int SubscribersMax = 256;

    private ImmutableArray<EventSubscription> _subscriptions = [];

    /// <summary>Whether an event of <paramref name="job"/> (null: a site's) would reach anyone, so that it need not be made otherwise.</summary>
    public bool IsWanted(long? job) => _subscriptions.Any(subscription => subscription.Wants(job));

    /// <summary>Subscribes to one job's events, or to all where <paramref name="job"/> is null.</summary>
    /// <returns>The subscription, to be disposed at the end; null where there are <see cref="SubscribersMax"/> already.</returns>
    public EventSubscription? Subscribe(long? job)
    {
        var subscription = new EventSubscription(job, Remove);
        var added = ImmutableInterlocked.Update(
            ref _subscriptions,
            static (all, one) => all.Length < SubscribersMax ? all.Add(one) : all,
            subscription);
        return added ? subscription : null;
    }

    public void Publish(FactoryEvent published)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Wants(published.Job))
            {
                subscription.Offer(published);
            }
        }
    }

    private void Remove(EventSubscription subscription)
        => ImmutableInterlocked.Update(ref _subscriptions, static (all, one) => all.Remove(one), subscription);
}
